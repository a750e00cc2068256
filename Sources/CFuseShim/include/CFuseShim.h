#ifndef VEXFS_CFUSESHIM_H
#define VEXFS_CFUSESHIM_H

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 314
#endif
#include <fuse_lowlevel.h>

#include "vexfs_cli_shim.h"
#include "vexfs_ioctl_shim.h"

// Flags of rename2 that <stdio.h> shows only under _GNU_SOURCE, which the importer does not set.
enum {
    VEXFS_RENAME_NOREPLACE = 1,
    VEXFS_RENAME_EXCHANGE = 2,
};

// Installs a handler for SIGUSR1 that does nothing, without SA_RESTART: a blocked read then ends with EINTR.
void vexfs_install_wakeup_handler(void);

// Unblocks SIGUSR1 and blocks every other asynchronous signal in the calling thread, so that they reach the thread
// that waits for them and never a thread in the middle of a request.
void vexfs_prepare_reader_thread(void);

// Blocks all asynchronous signals in the calling thread.
void vexfs_prepare_worker_thread(void);

#endif
