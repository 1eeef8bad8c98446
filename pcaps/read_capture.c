// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads the frames of a capture and does nothing with them: what no program that uses libpcap can be faster than. */
#include "capture_read.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
    char error[MFD_CAPTURE_ERROR_SIZE] = "usage: read_capture FILE";
    struct mfd_capture_reader *reader = in ? mfd_capture_open(in, error) : NULL;
    struct mfd_frame frame = {0};

    if (!reader) {
        fprintf(stderr, "%s\n", error);
        return 2;
    }
    while (mfd_capture_next(reader, &frame, error)) {}
    printf("%llu frames%s%s\n", (unsigned long long)frame.number, error[0] ? ", " : "", error);
    mfd_capture_close(reader);
    return error[0] ? 1 : 0;
}
