#define _GNU_SOURCE
#include "vexfs_cli_shim.h"

#include <unistd.h>

void vexfs_options_begin(void) {
    /* 0, not 1: glibc also forgets its permutation state. */
    optind = 0;
    opterr = 0;
}

int vexfs_options_next(int count, char *const arguments[], const char *shorts, const struct option *longs,
                       const char **argument, int *unknown) {
    optarg = NULL;
    optopt = 0;
    int value = getopt_long(count, arguments, shorts, longs, NULL);
    *argument = optarg;
    *unknown = optopt;
    return value;
}

int vexfs_options_index(void) { return optind; }

pid_t vexfs_fork(void) { return fork(); }

char *const *vexfs_environment(void) { return environ; }
