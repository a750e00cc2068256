import Glibc

/// One mounted store, as the kernel lists it.
struct MountEntry: Equatable, Sendable {
    /// Where it is mounted.
    var mountpoint: String
    /// The store's path.
    var store: String
    /// Mount options: `rw`, `nosuid`, …
    var options: [String]

    /// Whether it was mounted read-only.
    var isReadOnly: Bool { options.contains("ro") }
}

/// The kernel's list of mounts. Reading it never touches a mount, so a hung one cannot hang the reader.
enum MountTable {
    /// The file system type under which stores are mounted.
    static let type = "fuse.vexfs"

    /// The stores mounted in this mount namespace.
    static func current() -> [MountEntry] {
        let descriptor = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return parse(String(decoding: Terminal.readAll(from: descriptor) ?? [], as: UTF8.self))
    }

    /// The topmost store mounted at exactly this path.
    static func entry(at mountpoint: String, in entries: [MountEntry] = current()) -> MountEntry? {
        entries.last { $0.mountpoint == mountpoint }
    }

    /// Where a store is mounted.
    static func entry(ofStore store: String, in entries: [MountEntry] = current()) -> MountEntry? {
        entries.last { $0.store == store }
    }

    /// Takes `mountinfo` apart (proc(5)): `36 35 98:0 / /mnt rw,noatime master:1 - fuse.vexfs SOURCE rw`.
    static func parse(_ text: String) -> [MountEntry] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 2 else { return nil }
            guard fields[dash + 1] == type else { return nil }
            return MountEntry(
                mountpoint: unescaped(fields[4]), store: unescaped(fields[dash + 2]),
                options: fields[5].split(separator: ",").map(String.init))
        }
    }

    /// Spaces and backslashes are `\040` and `\134` there.
    static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
                bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 0x30) })
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
