// SPDX-License-Identifier: GPL-2.0-or-later
#include "known.h"

/* The words of the table. */
#define MFD_REV_END ((enum mfd_rev)(MFD_REV_LATEST + 1))
#define MACHINE_NONE ((int)MFD_INTEROP_NONE)
#define MACHINE_PC ((int)MFD_INTEROP_PC)
#define MACHINE_ANY (-1)
#define ZERO_PACKET ((int)MFD_ZERO_PACKET)
#define ZERO_ANY (-1)

enum {
    CORRUPTED = MFD_INTEROP_CORRUPTED,
    FAILED = MFD_INTEROP_FAILED,
    LOST = MFD_INTEROP_LOST,
};

static const struct mfd_interop_known table[] = {
#define KNOWN(from_since, from_until, to_since, to_until, machine, zero, lacks, outcomes, defect, \
              rule, why) \
    {MFD_REV_##from_since, \
     MFD_REV_##from_until, \
     MFD_REV_##to_since, \
     MFD_REV_##to_until, \
     MACHINE_##machine, \
     ZERO_##zero, \
     lacks, \
     outcomes, \
     defect, \
     rule, \
     why},
#include "known.def"
#undef KNOWN
};

const char *mfd_interop_outcome_name(enum mfd_interop_outcome outcome)
{
    switch (outcome) {
    case MFD_INTEROP_WORKS:
        return "works";
    case MFD_INTEROP_CORRUPTED:
        return "corrupted";
    case MFD_INTEROP_FAILED:
        return "failed";
    case MFD_INTEROP_LOST:
        return "lost";
    case MFD_INTEROP_HUNG:
        return "hung";
    }
    return "?";
}

const struct mfd_interop_known *mfd_interop_knowns(size_t *count)
{
    *count = sizeof(table) / sizeof(table[0]);
    return table;
}

static bool between(enum mfd_rev rev, enum mfd_rev since, enum mfd_rev until)
{
    return rev >= since && rev < until;
}

const struct mfd_interop_known *mfd_interop_known(const struct mfd_interop_cell *cell)
{
    if (!cell->from->program || !cell->to->program) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct mfd_interop_known *row = &table[i];

        if (between(cell->from->rev, row->from_since, row->from_until) &&
            between(cell->to->rev, row->to_since, row->to_until) &&
            (row->machine < 0 || row->machine == (int)cell->machine) &&
            (row->zero < 0 || row->zero == (int)cell->zero) && !(cell->settings & row->lacks)) {
            return row;
        }
    }
    return NULL;
}
