#ifndef VEXFS_CFUSESHIM_H
#define VEXFS_CFUSESHIM_H

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 314
#endif
#include <fuse_lowlevel.h>

#include "vexfs_cli_shim.h"

#endif
