#define _GNU_SOURCE
#include "cmicrohttpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct vexfs_http_loop {
    struct MHD_Daemon *daemon;
    vexfs_http_callbacks callbacks;
    /* Whether the connection is there that was added last. */
    int is_open;
};

static void *on_uri(void *own, const char *uri, struct MHD_Connection *connection) {
    (void)connection;
    const vexfs_http_loop *loop = own;
    return loop->callbacks.begin(loop->callbacks.context, uri);
}

static void on_completed(void *own, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code) {
    (void)connection;
    (void)code;
    const vexfs_http_loop *loop = own;
    if (*request != NULL) loop->callbacks.end(loop->callbacks.context, *request);
    *request = NULL;
}

static void on_connection(void *own, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
    (void)connection;
    (void)socket_context;
    vexfs_http_loop *loop = own;
    if (code != MHD_CONNECTION_NOTIFY_CLOSED) return;
    loop->is_open = 0;
    loop->callbacks.closed(loop->callbacks.context);
}

static enum MHD_Result on_access(void *own, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *size, void **request) {
    const vexfs_http_loop *loop = own;
    return loop->callbacks.handle(loop->callbacks.context, connection, url, method, version, data, size, request);
}

int vexfs_http_listen(const char *address, uint16_t port) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct sockaddr *own = (const struct sockaddr *)&four;
    socklen_t size = sizeof four;
    if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1) {
        own = (const struct sockaddr *)&six;
        size = sizeof six;
    } else if (inet_pton(AF_INET, address, &four.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    int listener = socket(own->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    /* A thread is woken when there is something to read, and not before; inherited by the connections, like NODELAY. */
    setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &yes, sizeof yes);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (own->sa_family == AF_INET6) setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (bind(listener, own, size) != 0 || listen(listener, 1024) != 0) {
        int reason = errno;
        close(listener);
        errno = reason;
        return -1;
    }
    return listener;
}

uint16_t vexfs_http_port(int listener) {
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    if (getsockname(listener, (struct sockaddr *)&own, &size) != 0) return 0;
    return ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                           : ((struct sockaddr_in *)&own)->sin_port);
}

int vexfs_http_accept(int listener, vexfs_http_peer *peer) {
    struct sockaddr_storage *name = &peer->name;
    peer->size = sizeof *name;
    int connection = accept4(listener, (struct sockaddr *)name, &peer->size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) return -1;
    peer->address[0] = peer->address[1] = 0;
    if (name->ss_family == AF_INET6) {
        memcpy(peer->address, &((struct sockaddr_in6 *)name)->sin6_addr, sizeof peer->address);
    } else if (name->ss_family == AF_INET) {
        peer->address[0] = ((struct sockaddr_in *)name)->sin_addr.s_addr;
    }
    return connection;
}

vexfs_http_loop *vexfs_http_loop_create(const vexfs_http_settings *settings, const vexfs_http_callbacks *callbacks) {
    vexfs_http_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) return NULL;
    loop->callbacks = *callbacks;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->head_bytes, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, 1, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_timeout_seconds, NULL},
        /* 1 would refuse a request without Host, with two heads, and spaces in targets: both are looked at later. */
        {MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    loop->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_access, loop, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
        loop, MHD_OPTION_NOTIFY_COMPLETED, on_completed, loop, MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,
        MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (loop->daemon != NULL) return loop;
    free(loop);
    return NULL;
}

void vexfs_http_loop_destroy(vexfs_http_loop *loop) {
    MHD_stop_daemon(loop->daemon);
    free(loop);
}

int vexfs_http_serve(vexfs_http_loop *loop, int connection, const vexfs_http_peer *peer) {
    loop->is_open = 1;
    if (MHD_add_connection(loop->daemon, connection, (const struct sockaddr *)&peer->name, peer->size) != MHD_YES) {
        /* Closed, but nobody is told. */
        return -1;
    }
    while (loop->is_open) {
        if (MHD_run_wait(loop->daemon, -1) != MHD_YES) return -1;
    }
    return 0;
}

void vexfs_http_prepare_memory(void) {
    /* Bodies that are larger go back to the system when they are done with. */
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    /* Else each of many threads would keep what its largest request took. */
    mallopt(M_ARENA_MAX, 2);
}

void vexfs_http_return_memory(void) { malloc_trim(0); }
