import Glibc

/// The groups that a caller is in besides the one that the kernel tells.
enum CallerGroups {
    private static let blockBytes = 65_536

    /// Whether a thread is in a group; false where that cannot be known.
    static func contains(_ group: UInt32, of thread: Int32) -> Bool {
        guard thread > 0 else { return false }
        let descriptor = open("/proc/\(thread)/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var block = [UInt8](repeating: 0, count: blockBytes)
        while true {
            let count = read(descriptor, &block, block.count)
            guard count > 0 else { break }
            text.append(contentsOf: block[..<count])
        }
        return contains(group, in: text)
    }

    /// Whether a group stands in the line of groups of a status.
    static func contains(_ group: UInt32, in status: [UInt8]) -> Bool {
        let label = Array("Groups:".utf8)
        guard let line = status.split(separator: 0x0A).first(where: { $0.starts(with: label) }) else { return false }
        let wanted = Array(String(group).utf8)
        return line.dropFirst(label.count).split { $0 == 0x20 || $0 == 0x09 }.contains { $0.elementsEqual(wanted) }
    }
}
