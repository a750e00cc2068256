#include "cmicrohttpd.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

/* States of a connection that the other side has closed, as the kernel numbers them (tcp_states.h). */
enum { state_close = 7, state_close_wait = 8, state_last_ack = 9 };

vexfs_http_link vexfs_http_look(int socket) {
    vexfs_http_link link = {0, 0, 0};
    /* Kernels that know fewer members fill fewer. */
    struct tcp_info info;
    memset(&info, 0, sizeof info);
    socklen_t size = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return link;
    link.received_bytes = info.tcpi_bytes_received;
    link.acknowledged_bytes = info.tcpi_bytes_acked;
    link.is_left = info.tcpi_state == state_close || info.tcpi_state == state_close_wait ||
                   info.tcpi_state == state_last_ack;
    return link;
}

static _Thread_local volatile sig_atomic_t came;

static void on_interruption(int number) {
    (void)number;
    came = 1;
}

void vexfs_interruption_prepare(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    /* Without SA_RESTART: a read that waits for an answer is to end. */
    action.sa_handler = on_interruption;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
}

void vexfs_interruption_send(unsigned long thread) { pthread_kill((pthread_t)thread, SIGUSR1); }

int vexfs_interruption_came(void) { return came; }

void vexfs_interruption_forget(void) { came = 0; }

void vexfs_interruption_hold(int is_held) {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGUSR1);
    pthread_sigmask(is_held ? SIG_BLOCK : SIG_UNBLOCK, &only, NULL);
}
