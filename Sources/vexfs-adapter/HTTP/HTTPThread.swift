import CMicrohttpd
import Glibc
import Synchronization

/// A thread of the server: it takes a connection, answers its requests until it is closed, and takes the next one.
final class HTTPThread: Sendable {
    /// The address of a client without its port.
    struct Address: Hashable {
        private let high: UInt64
        private let low: UInt64

        init(_ peer: vexfs_http_peer) { (high, low) = peer.address }
    }

    let server: HTTPServer
    let deadline: HTTPDeadline

    init(_ server: HTTPServer) {
        self.server = server
        deadline = HTTPDeadline(limitSeconds: server.settings.requestSeconds)
    }

    /// Begins.
    /// - Returns: whether there is such a thread.
    func start() -> Bool {
        var thread = pthread_t()
        let own = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { pointer in
                // Contract: the pointer is what was retained for this thread.
                if let pointer { Unmanaged<HTTPThread>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, own.toOpaque())
        if status == 0 { pthread_detach(thread) } else { own.release() }
        return status == 0
    }

    private func run() {
        defer { server.remove(self) }
        var settings = vexfs_http_settings()
        settings.idle_timeout_seconds = 75
        // Above that, the library asks the kernel for memory for each connection.
        settings.head_bytes = 32_768
        var callbacks = callbacks
        guard let loop = vexfs_http_loop_create(&settings, &callbacks) else { return }
        defer { vexfs_http_loop_destroy(loop) }
        var peer = vexfs_http_peer()
        while true {
            let socket = server.nextConnection(&peer)
            guard socket >= 0 else { return }
            deadline.open(socket)
            let status = vexfs_http_serve(loop, socket, &peer)
            deadline.close()
            guard server.release(Address(peer)), status == 0 else { return }
        }
    }

    /// What the library calls on this thread, while ``run()`` keeps it.
    private var callbacks: vexfs_http_callbacks {
        var callbacks = vexfs_http_callbacks()
        callbacks.context = Unmanaged.passUnretained(self).toOpaque()
        callbacks.begin = { _, uri in
            let target = uri.map { String(cString: $0) } ?? ""
            return Unmanaged.passRetained(HTTPExchange(target: target)).toOpaque()
        }
        callbacks.handle = { context, connection, _, method, version, data, size, request in
            guard let context, let connection, let method, let version, let size, let exchange = request?.pointee
            else { return .NO }
            // Contract: the thread lives as long as its loop, and `begin` has retained the exchange.
            return Unmanaged<HTTPThread>.fromOpaque(context)._withUnsafeGuaranteedRef { thread in
                Unmanaged<HTTPExchange>.fromOpaque(exchange)._withUnsafeGuaranteedRef {
                    thread.handle(connection, (method, version), UnsafeRawPointer(data), &size.pointee, $0)
                }
            }
        }
        callbacks.end = { context, exchange in
            guard let context, let exchange else { return }
            let ended = Unmanaged<HTTPExchange>.fromOpaque(exchange).takeRetainedValue()
            Unmanaged<HTTPThread>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.end(ended) }
        }
        callbacks.closed = { context in
            guard let context else { return }
            Unmanaged<HTTPThread>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.deadline.close() }
        }
        return callbacks
    }
}
