import Foundation
import TestSupport

extension ReferenceRun {
    mutating func rename() throws {
        guard let from = file(), let file = model.files[from] else { return }
        let to = path(ending: file.vector == nil ? ".tmp" : ".json")
        guard !model.folders.contains(to) else { return }
        note("rename \(from) to \(to)")
        try (root / from).rename(to: root / to)
        model.files[from] = nil
        model.files[to] = file
    }

    mutating func unlink() throws {
        guard let path = file() else { return }
        note("unlink \(path)")
        try (root / path).remove()
        model.remove(path)
        try expect(ENOENT, "second unlink") { try (root / path).remove() }
    }

    /// Moves a document out of the trash: the newest of those that it can be.
    mutating func restore() throws {
        let trash = root / ".vexfs/trash"
        guard let name = try trash.list().randomElement(using: &random) else { return }
        let (origin, bytes) = (try (trash / name).attribute("user.vexfs.original"), try (trash / name).read())
        guard let index = model.trash.lastIndex(where: { $0.path == origin && $0.file.bytes == bytes }) else {
            throw Divergence(description: "\(name) from \(origin) is in the trash")
        }
        let to = path(ending: ".json")
        guard !model.folders.contains(to) else { return }
        note("restore \(name) to \(to)")
        try (trash / name).rename(to: root / to)
        model.files[to] = model.trash.remove(at: index).file
    }

    mutating func emptyTrash() throws {
        note("empty the trash")
        for name in try (root / ".vexfs/trash").list() { try (root / ".vexfs/trash" / name).remove() }
        model.trash = []
    }

    mutating func unlinkWhileOpen() throws {
        guard let path = file(), let file = model.files[path] else { return }
        note("unlink \(path) while open")
        let reader = try (root / path).open(O_RDONLY)
        let writer = try (root / path).open(O_RDWR)
        try (root / path).remove()
        model.remove(path)
        guard try reader.readToEnd() == file.bytes, try writer.read(file.bytes.count + 1, at: 0) == file.bytes else {
            throw Divergence(description: "\(path) is not readable after it was deleted")
        }
        try writer.write(Array("gone".utf8), at: 0)
        writer.closeQuietly()
        guard !(root / path).exists else { throw Divergence(description: "\(path) came back") }
    }

    mutating func makeFolder() throws {
        let parent = folder()
        let path = (parent.isEmpty ? "" : parent + "/") + "dir\(random.pick(0..<6))"
        guard path.split(separator: "/").count < 5 else { return }
        note("mkdir \(path)")
        try expect(model.isTaken(path) ? EEXIST : 0, "mkdir") { try (root / path).makeDirectory() }
        model.folders.insert(path)
    }

    mutating func removeFolder() throws {
        let path = folder()
        guard !path.isEmpty else { return }
        note("rmdir \(path)")
        try expect(model.isEmpty(path) ? 0 : ENOTEMPTY, "rmdir") { try (root / path).removeDirectory() }
        if model.isEmpty(path) { model.folders.remove(path) }
    }

    mutating func renameFolder() throws {
        let (from, parent) = (folder(), folder())
        guard !from.isEmpty else { return }
        let to = (parent.isEmpty ? "" : parent + "/") + "dir\(random.pick(0..<6))"
        guard from != to, to.split(separator: "/").count < 6 else { return }
        var expected: Int32 = 0
        if to.hasPrefix(from + "/") {
            expected = EINVAL
        } else if model.folders.contains(to), !model.isEmpty(to) {
            expected = ENOTEMPTY
        }
        note("rename folder \(from) to \(to)")
        try expect(expected, "rename folder") { try (root / from).rename(to: root / to) }
        if expected == 0 { model.moveFolder(from, to: to) }
    }

    mutating func changeMode() throws {
        guard let path = file() else { return }
        let mode = [0o600, 0o644, 0o640, 0o755, 0o444].randomElement(using: &random) ?? 0o644
        note("chmod \(path) \(mode)")
        try (root / path).changeMode(mode_t(mode))
        model.files[path]?.mode = UInt32(mode)
    }

    mutating func setMetadata() throws {
        guard let path = file({ $0.vector != nil }), let file = model.files[path] else { return }
        let (key, value) = (["a", "b"].randomElement(using: &random) ?? "a", random.pick(0..<5))
        if file.patches[key] != nil && random.chance(0.4) {
            note("remove metadata \(key) of \(path)")
            try (root / path).removeAttribute("user.vexfs.meta.\(key)")
            model.files[path]?.patches[key] = nil
        } else {
            note("set metadata \(key)=\(value) of \(path)")
            try (root / path).setAttribute("user.vexfs.meta.\(key)", to: String(value))
            // What the document says anyway is no patch.
            if file.value(key) != value { model.files[path]?.patches[key] = value }
        }
    }

    /// Compares a search with the same search done by comparing everything.
    mutating func search() throws {
        let query = random.vector(dimension: Self.dimension)
        let folder = random.chance(0.6) ? "" : folder()
        let filter = random.chance(0.4) ? (key: random.chance(0.5) ? "a" : "b", value: random.pick(0..<5)) : nil
        let expected = model.search(query, in: folder, where: filter)
        let condition = filter.map { ",where=\($0.key):\($0.value)" } ?? ""
        let place = folder.isEmpty ? root : root / folder
        let limit = random.chance(0.5) ? 1000 : random.pick(1..<20)
        note("search k=\(limit)\(condition) in '\(folder)'")
        let hits = try place.search(query, options: "k=\(limit)\(condition)")
        let scores = expected.prefix(limit).map(\.1)
        guard hits.count == scores.count, zip(hits, scores).allSatisfy({ abs($0.score - $1) < 1e-4 }) else {
            let missing = expected.prefix(limit).map(\.0).filter { id in !hits.contains { $0.id == id } }
            let details = missing.map { "\($0): \(String(describing: model.files[$0 + ".json"]?.summary))" }
            let names = missing.map { ($0.split(separator: "/").last ?? "") + ".json" }
            let past = history.filter { line in
                names.contains { line.contains($0) }
                    || ["folder", "mount", "metadata", "f31"].contains(where: line.contains)
            }
            throw Divergence(
                description: "scores \(hits.map(\.score)), expected \(scores); not found: \(details)\n"
                    + past.joined(separator: "\n"))
        }
        let known = Dictionary(uniqueKeysWithValues: expected)
        for hit in hits where known[hit.id].map({ abs($0 - hit.score) < 1e-4 }) != true {
            throw Divergence(description: "\(hit.id) has score \(hit.score), expected \(known[hit.id] ?? .nan)")
        }
        guard Set(hits.map(\.id)).count == hits.count else { throw Divergence(description: "a document twice") }
    }

    /// Ends the daemon, politely or not, and mounts again.
    mutating func restart() throws {
        if random.chance(0.5) {
            note("kill and mount")
            try mount.kill()
            try mount.mount()
        } else {
            note("remount")
            try mount.remount()
        }
        try compareEverything()
        try compareSnapshots()
    }
}

extension OpenFile {
    /// Closes where an error is as good as none.
    fileprivate func closeQuietly() { _ = failure { try close() } }
}
