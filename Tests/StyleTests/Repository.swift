import Foundation

/// The files of this repository, as a person would see them: no build products, nothing hidden.
enum Repository {
    /// A text file and its lines.
    struct File: Sendable {
        /// The path below the root.
        var path: String
        /// Its lines, without line feeds.
        var lines: [String]
        /// The file's ending, without the dot.
        var kind: String { path.split(separator: ".").last.map(String.init) ?? "" }
    }

    /// The root, found from where this file was compiled.
    static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// Every text file of a kind that people write.
    static let files: [File] = {
        let kinds: Set<String> = ["swift", "c", "h", "cpp", "md", "sh", "py", "json", "yml", "modulemap"]
        let skipped: Set<String> = [".build", ".git", ".swiftpm", ".venv", "__pycache__", "results", "Fixtures"]
        guard let walk = FileManager.default.enumerator(atPath: root) else { return [] }
        var files: [File] = []
        while let path = walk.nextObject() as? String {
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            if skipped.contains(name) {
                walk.skipDescendants()
                continue
            }
            let isScript = !name.contains(".") && (path.hasPrefix("Benchmarks/") || path.hasPrefix("scripts/"))
            guard
                kinds.contains(name.split(separator: ".").last.map(String.init) ?? "") || isScript
                    || name == "Makefile",
                let text = try? String(contentsOfFile: root + "/" + path, encoding: .utf8)
            else { continue }
            files.append(File(path: path, lines: text.components(separatedBy: "\n")))
        }
        return files.sorted { $0.path < $1.path }
    }()

    /// The files of these kinds below a folder.
    static func files(_ kinds: String..., in folder: String = "") -> [File] {
        files.filter { kinds.contains($0.kind) && $0.path.hasPrefix(folder) }
    }
}
