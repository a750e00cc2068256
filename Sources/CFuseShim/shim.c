#define _GNU_SOURCE
#include "CFuseShim.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

static void wake_up(int signal) { (void)signal; }

void vexfs_install_wakeup_handler(void) {
    struct sigaction action = {.sa_handler = wake_up};
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
}

// Faults of the thread itself stay deliverable: blocking them would turn a crash into a hang.
static void all_but_faults(sigset_t *set) {
    sigfillset(set);
    sigdelset(set, SIGSEGV);
    sigdelset(set, SIGBUS);
    sigdelset(set, SIGFPE);
    sigdelset(set, SIGILL);
    sigdelset(set, SIGTRAP);
    sigdelset(set, SIGABRT);
}

void vexfs_prepare_reader_thread(void) {
    sigset_t set;
    all_but_faults(&set);
    sigdelset(&set, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
}

void vexfs_prepare_worker_thread(void) {
    sigset_t set;
    all_but_faults(&set);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
}
