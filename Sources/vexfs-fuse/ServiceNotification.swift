import Glibc

/// Tells a service manager how the daemon is: the protocol of sd_notify(3), a datagram to `$NOTIFY_SOCKET`.
enum ServiceNotification {
    /// Sends `READY=1`, `STOPPING=1`, …; does nothing where no manager listens.
    /// - Returns: whether a manager got it.
    @discardableResult
    static func send(_ state: String) -> Bool {
        guard let variable = getenv("NOTIFY_SOCKET") else { return false }
        return send(state, to: String(cString: variable))
    }

    /// Sends to a socket: a path, or "@NAME" for one in the abstract namespace.
    static func send(_ state: String, to socketName: String) -> Bool {
        var address = sockaddr_un()
        var name = Array(socketName.utf8)
        guard let first = name.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return false }
        if first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // An abstract name is as long as it says: no NUL counts. A path's terminating NUL may be left out as well.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bytes = Array(state.utf8)
        let sent = withUnsafePointer(to: &address) { pointer in
            // sockaddr_un is one of the layouts that a sockaddr pointer stands for.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        return sent == bytes.count
    }
}
