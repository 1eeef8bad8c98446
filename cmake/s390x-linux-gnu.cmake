# SPDX-License-Identifier: GPL-2.0-or-later
# A big-endian machine by cross compiler and qemu-user, both from Debian packages. Debian has no cross
# package of cmocka: `.ci/s390x-cmocka` fetches its s390x one, without touching the system's packages.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-s390x -L /usr/s390x-linux-gnu)

if(DEFINED ENV{MFD_CACHE})
  set(mfd_s390x_root "$ENV{MFD_CACHE}/s390x")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(mfd_s390x_root "$ENV{XDG_CACHE_HOME}/mfdkit/s390x")
else()
  set(mfd_s390x_root "$ENV{HOME}/.cache/mfdkit/s390x")
endif()
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${mfd_s390x_root}")
set(ENV{PKG_CONFIG_LIBDIR} "${mfd_s390x_root}/usr/lib/s390x-linux-gnu/pkgconfig")
