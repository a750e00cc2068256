import Testing

@testable import VexFS

/// A document in the trash, as the model has it.
struct TrashedFile {
    var file: BranchModel.File
    /// The color that was set from outside.
    var patch: Int?
}

/// The trash, and exports.
extension SnapshotRun {
    /// Moves a document out of the trash, or removes it for good.
    mutating func bringBack(_ name: String) throws {
        let names = (trash[name] ?? [:]).keys.sorted()
        guard let entry = names.randomElement(using: &random) else { return }
        let collection = try collection(name)
        let kept = trash[name]?.removeValue(forKey: entry)
        if pick(0..<4) == 0 {
            note("remove from the trash \(name) \(entry)")
            return try collection.removeFromTrash(entry)
        }
        let path = newPath(name, ".json")
        note("bring back \(name) \(entry) as \(path)")
        let (parent, last) = try place(path, in: collection)
        _ = try collection.restore(entry, to: last, in: parent, mode: .replace)
        live[name]?.files[path] = kept?.file
        patches[name + "/" + path] = kept?.patch
    }

    func expectTrash(_ name: String) throws {
        let collection = try collection(name)
        let expected = trash[name] ?? [:]
        #expect(Set(collection.trash.map(\.name)) == Set(expected.keys), "trash of \(name)")
        for entry in collection.trash {
            #expect(
                try collection.content(of: entry).bytes == expected[entry.name]?.file.bytes, "\(name), \(entry.name)")
        }
    }

    /// Makes a collection of the export of a snapshot.
    mutating func exportAndRestore(_ name: String) throws {
        guard live.count < 6, let snapshot = past[name]?.keys.sorted().randomElement(using: &random) else { return }
        let new = "x\(steps)"
        note("restore \(name)@\(snapshot) as \(new)")
        var export = try SnapshotExport(of: #require(try collection(name).snapshot(named: ByteString(snapshot))))
        let restore = try fixture.store.restoreSnapshot(as: ByteString(new))
        while case let bytes = try export.next(), !bytes.isEmpty {
            try bytes.withUnsafeBytes { try restore.append($0) }
        }
        try restore.finish()
        live[new] = past[name]?[snapshot]
        try readPatches(new)
    }

    /// Asks a collection that began as a snapshot which colors were set from outside: the model knows only those of
    /// now.
    mutating func readPatches(_ name: String) throws {
        let made = try collection(name)
        for path in live[name]?.files.keys.sorted() ?? [] where live[name]?.files[path]?.vector != nil {
            let (parent, last) = try place(path, in: made)
            let file = try #require(made.lookup(last, in: parent))
            let patch = try JSON.patch(made.fileRecord(file.number).metadataPatch)
            patches[name + "/" + path] = patch.first?.value.integerValue.map { Int($0) }
        }
    }
}
