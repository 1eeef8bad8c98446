// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mapped-ram file of a plan.
 */
#ifndef MFD_IMAGE_H
#define MFD_IMAGE_H

#include "plan.h"

/* Writes the file that the steps of the plan make, with holes where they leave any, to an empty one; 0 or an errno. */
int mfd_image_write(const struct mfd_plan *plan, int fd);
/* The same as a new file. */
int mfd_image_create(const struct mfd_plan *plan, const char *path);
/* "file:PATH", with ",offset=N" where the plan has one, cut to `size`. */
void mfd_image_address(const struct mfd_plan *plan, const char *path, char *address, size_t size);

#endif
