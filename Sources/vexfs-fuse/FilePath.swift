import Glibc

/// Paths as the command line needs them.
enum FilePath {
    /// The absolute form of a path that may not exist yet; nothing is resolved.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return String(cString: directory) + "/" + path
    }

    /// The path without symlinks and dots, or nil where it does not exist.
    static func resolved(_ path: String) -> String? {
        guard let result = realpath(path, nil) else { return nil }
        defer { free(result) }
        return String(cString: result)
    }

    /// As ``resolved(_:)``, also for a last component that does not exist yet.
    static func resolvedForCreation(_ path: String) -> String? {
        if let existing = resolved(path) { return existing }
        let whole = absolute(path)
        var parts = whole.split(separator: "/").map(String.init)
        guard let last = parts.popLast(), last != "..", last != "." else { return nil }
        guard let parent = resolved("/" + parts.joined(separator: "/")) else { return nil }
        return parent == "/" ? "/" + last : parent + "/" + last
    }

    /// Whether a path is another or lies below it. Both are absolute and resolved.
    static func isAtOrBelow(_ path: String, _ other: String) -> Bool {
        path == other || other == "/" || path.hasPrefix(other + "/")
    }

    /// A path as a shell takes it back.
    static func quoted(_ path: String) -> String {
        let plain = path.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "/._-+,:@%=".utf8.contains(byte)
            }
        }
        if plain, !path.isEmpty { return path }
        var text = "'"
        for character in path { text += character == "'" ? "'\\''" : String(character) }
        return text + "'"
    }

    /// The names in a directory without "." and ".."; nil when it cannot be read.
    static func names(in directory: String, limit: Int = .max) -> [String]? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while names.count < limit, let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Where a symlink points, or nil.
    static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count >= 0 ? String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }
}
