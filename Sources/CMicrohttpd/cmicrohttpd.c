#include "cmicrohttpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The library keeps a pointer to the callbacks; one server is started per process and port, and they live as long. */
static void *on_uri(void *own, const char *uri, struct MHD_Connection *connection) {
    (void)connection;
    const vexfs_http_callbacks *callbacks = own;
    return callbacks->begin(callbacks->context, uri);
}

static void on_completed(void *own, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code) {
    (void)connection;
    (void)code;
    const vexfs_http_callbacks *callbacks = own;
    if (*request != NULL) callbacks->end(callbacks->context, *request);
    *request = NULL;
}

static void on_connection(void *own, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
    (void)socket_context;
    const vexfs_http_callbacks *callbacks = own;
    callbacks->connection(callbacks->context, vexfs_http_socket(connection),
                          code == MHD_CONNECTION_NOTIFY_STARTED);
}

static enum MHD_Result on_access(void *own, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *size, void **request) {
    const vexfs_http_callbacks *callbacks = own;
    return callbacks->handle(callbacks->context, connection, url, method, version, data, size, request);
}

struct MHD_Daemon *vexfs_http_start(const vexfs_http_settings *settings, const vexfs_http_callbacks *callbacks) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(settings->port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(settings->port)};
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC;
    const struct sockaddr *address = (const struct sockaddr *)&four;
    if (inet_pton(AF_INET6, settings->address, &six.sin6_addr) == 1) {
        address = (const struct sockaddr *)&six;
        flags |= MHD_USE_IPv6;
    } else if (inet_pton(AF_INET, settings->address, &four.sin_addr) != 1) {
        errno = EINVAL;
        return NULL;
    }
    vexfs_http_callbacks *own = malloc(sizeof *own);
    if (own == NULL) return NULL;
    *own = *callbacks;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->head_bytes, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_timeout_seconds, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, settings->connections_per_address, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, settings->port, NULL, NULL, on_access, own, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_URI_LOG_CALLBACK,
        on_uri, own, MHD_OPTION_NOTIFY_COMPLETED, on_completed, own, MHD_OPTION_NOTIFY_CONNECTION, on_connection, own,
        MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (daemon == NULL) free(own);
    return daemon;
}

uint16_t vexfs_http_port(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info == NULL ? 0 : info->port;
}

void vexfs_http_stop(struct MHD_Daemon *daemon) { MHD_stop_daemon(daemon); }

int vexfs_http_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

void vexfs_http_client(struct MHD_Connection *connection, char *out) {
    out[0] = 0;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) return;
    if (info->client_addr->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)info->client_addr)->sin6_addr, out, 64);
    } else if (info->client_addr->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)info->client_addr)->sin_addr, out, 64);
    }
}

void vexfs_http_prepare_memory(void) {
    /* Bodies that are larger go back to the system when they are done with. */
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    /* Else each of many threads would keep what its largest request took. */
    mallopt(M_ARENA_MAX, 2);
}

void vexfs_http_return_memory(void) { malloc_trim(0); }
