import Foundation
import TestSupport

extension ReferenceRun {
    /// A new document's bytes with what they say; sometimes with white space behind.
    mutating func newDocument() -> ReferenceModel.File {
        let vector = random.vector(dimension: Self.dimension)
        let metadata = ["a": random.pick(0..<3), "b": random.pick(0..<10)]
        let text = random.word(length: random.chance(0.05) ? 150_000 : random.pick(5..<400))
        let tail = String(repeating: " ", count: random.pick(0..<4))
        let bytes = Array((document(vector, text: text, metadata: metadata) + tail).utf8)
        return ReferenceModel.File(bytes: bytes, vector: vector, metadata: metadata)
    }

    mutating func createDocument() throws {
        let path = path(ending: ".json")
        note("create \(path)")
        guard !model.folders.contains(path) else { return }
        var file = newDocument()
        try (root / path).write(file.bytes)
        file.mode = model.files[path]?.mode ?? 0o644
        file.patches = model.files[path]?.patches ?? [:]
        model.files[path] = file
    }

    mutating func createScratch() throws {
        let path = path(ending: ".tmp")
        let bytes = (0..<random.pick(0..<20_000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        note("create \(path), \(bytes.count) bytes")
        try (root / path).write(bytes)
        model.files[path] = ReferenceModel.File(bytes: bytes, mode: model.files[path]?.mode ?? 0o644)
    }

    /// Writes letters over letters (a document stays a document), or anything anywhere into scratch.
    mutating func overwrite() throws {
        guard let path = file({ $0.bytes.count > 30 }), var file = model.files[path] else { return }
        var edits: [(offset: Int, bytes: [UInt8])] = []
        for _ in 0..<random.pick(1..<5) {
            let limit = file.vector == nil ? file.bytes.count + 5000 : 5
            let offset = random.pick(0..<limit) + (file.vector == nil ? 0 : 10)
            let length = file.vector == nil ? random.pick(1..<3000) : 1
            guard file.vector == nil || file.bytes[offset..<offset + length].allSatisfy({ $0 >= 97 && $0 <= 122 })
            else {
                continue
            }
            edits.append((offset, (0..<length).map { _ in UInt8(97 + random.pick(0..<26)) }))
        }
        note("overwrite \(path) at \(edits.map { ($0.offset, $0.bytes.count) })")
        let handle = try (root / path).open(O_RDWR)
        for (offset, bytes) in edits {
            try handle.write(bytes, at: offset)
            if file.bytes.count < offset + bytes.count {
                file.bytes += [UInt8](repeating: 0, count: offset + bytes.count - file.bytes.count)
            }
            file.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        guard try handle.read(file.bytes.count + 1, at: 0) == file.bytes else {
            throw Divergence(description: "the draft of \(path) reads as something else")
        }
        try handle.close()
        model.files[path] = file
    }

    mutating func append() throws {
        guard let path = file(), let file = model.files[path] else { return }
        let bytes: [UInt8] =
            file.vector != nil
            ? [UInt8](repeating: 32, count: random.pick(1..<50))
            : Array(random.word(length: random.pick(1..<5000)).utf8)
        note("append \(bytes.count) to \(path)")
        try (root / path).write(bytes, flags: O_WRONLY | O_APPEND)
        model.files[path]?.bytes += bytes
    }

    /// Cuts or lengthens scratch; a document only loses white space.
    mutating func truncate() throws {
        guard let path = file(), let file = model.files[path] else { return }
        var size = random.pick(0..<file.bytes.count + 100)
        if file.vector != nil {
            let end = (file.bytes.lastIndex(of: 125) ?? 0) + 1
            size = random.pick(end..<file.bytes.count + 1)
        }
        note("truncate \(path) to \(size)")
        if random.chance(0.5) {
            try (root / path).truncate(to: size)
        } else {
            let handle = try (root / path).open(O_WRONLY)
            try handle.truncate(to: size)
            try handle.close()
        }
        let grown = [UInt8](repeating: 0, count: max(0, size - file.bytes.count))
        model.files[path]?.bytes = Array(file.bytes.prefix(size)) + grown
    }

    /// A write that must be refused and change nothing.
    mutating func refusedWrite() throws {
        guard let path = file({ $0.vector != nil }) else { return }
        let bad = ["{\"vector\": [1", "{oops}", "{\"vector\": [1, 2]}"].randomElement(using: &random) ?? "{"
        note("refuse \(bad) in \(path)")
        try expect(EINVAL, "bad document") { try (root / path).write(bad) }
    }

    /// Half a new version, something else meanwhile, the other half.
    mutating func interleavedWrite() throws {
        guard let path = file({ $0.vector != nil }), let old = model.files[path] else { return }
        var new = newDocument()
        let half = new.bytes.count / 2
        note("write \(path) in halves")
        let handle = try (root / path).open(O_WRONLY | O_TRUNC)
        try handle.write(Array(new.bytes[..<half]))
        guard try (root / path).read() == old.bytes else {
            throw Divergence(description: "another reader sees the draft of \(path)")
        }
        try search()
        try handle.write(Array(new.bytes[half...]))
        try handle.close()
        (new.mode, new.patches) = (old.mode, old.patches)
        model.files[path] = new
    }
}
