/* What the command line needs of libc and Swift cannot import: variadic-free option parsing and fork(2). */
#ifndef VEXFS_CLI_SHIM_H
#define VEXFS_CLI_SHIM_H

#include <getopt.h>
#include <sys/types.h>

/* Starts over with a new argument vector. */
void vexfs_options_begin(void);

/*
 * The next option as getopt_long(3) has it; -1 at the end. `argument` receives the option's argument or NULL;
 * `unknown` the option character behind a '?' or ':' answer (0 for a long option). Prints nothing.
 */
int vexfs_options_next(int count, char *const arguments[], const char *shorts, const struct option *longs,
                       const char **argument, int *unknown);

/* The index of the first operand once vexfs_options_next has answered -1, else of the next argument. */
int vexfs_options_index(void);

/* fork(2). Contract: the process has one thread. */
pid_t vexfs_fork(void);

/* The environment as execve(2) takes it. */
char *const *vexfs_environment(void);

#endif
