import Foundation

/// What the surroundings say about how tests are to run.
public enum Environment {
    /// The value of a variable, or nil.
    public static subscript(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// Where temporary files go.
    public static var temporaryDirectory: String { self["TMPDIR"] ?? "/tmp" }

    /// By how much every time limit is stretched; sanitizers make programs many times slower.
    public static var slowness: Int { max(1, Int(self["VEXFS_TEST_SLOWNESS"] ?? "") ?? 1) }

    /// By how much the random tests are lengthened: 1 fits into a minute.
    public static var effort: Int { max(1, Int(self["VEXFS_TEST_EFFORT"] ?? "") ?? 1) }

    /// The `vexfs-fuse` that was built together with the tests.
    public static let binary: String = {
        if let chosen = Environment["VEXFS_TEST_BINARY"] { return chosen }
        var own = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = max(0, readlink("/proc/self/exe", &own, own.count))
        let executable = String(decoding: own[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var folder = executable[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            let candidate = folder + "/vexfs-fuse"
            if access(String(candidate), X_OK) == 0 { return String(candidate) }
        }
        return FileManager.default.currentDirectoryPath + "/.build/debug/vexfs-fuse"
    }()

    /// Whether the embedding model is where the daemon will look for it.
    public static var hasModel: Bool {
        guard let result = try? run([binary, "embed"], input: Array("\"a\"\n".utf8), timeLimitSeconds: 120) else {
            return false
        }
        return result.status == 0 && result.text.hasPrefix("[")
    }
}
