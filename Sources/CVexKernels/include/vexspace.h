#ifndef VEXSPACE_H
#define VEXSPACE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* System calls that Swift's Glibc module does not have. */

/* Makes a hole of a part of a file, whose size stays. Returns 0, or -1 with errno. */
int vexfs_punch_hole(int descriptor, long offset, long count);

/* Lets every allocation of 4 MiB and more be a map of its own, which goes back to the system when it is freed;
   otherwise the C library's heap keeps them once it has grown. */
void vexfs_keep_large_memory_apart(void);

/* Gives memory that was freed back to the system. */
void vexfs_return_memory(void);

#ifdef __cplusplus
}
#endif

#endif
