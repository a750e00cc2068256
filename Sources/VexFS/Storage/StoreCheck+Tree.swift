import Glibc

extension Store {
    /// Compares the image of a collection's tree, as the next open would take it, with the records of the files.
    static func checkTreeImage(
        of number: UInt32, named name: String, _ json: JSON, files: [FileRecord], in directory: StoreDirectory,
        _ database: Database, _ note: (_ place: String, _ message: String) -> Void
    ) {
        guard let image = TreeImage(json["tree_image"]) else { return }
        let path = directory.treePath(image.file)
        // Without the file the next open reads the records.
        guard access(path, F_OK) == 0 else { return }
        do throws(VexFSError) {
            let empty = Collection.emptyState(
                name: ByteString(name), configuration: CollectionConfiguration(), mode: 0, owner: 0, group: 0)
            let state = try empty.loaded(from: image, image.read(from: path), number: number, database: database)
            let isWhole =
                state.tree.count == files.count
                && files.allSatisfy { file in
                    guard var shown = state.tree[file.attributes.number] else { return false }
                    shown.subdirectories = 0
                    // Directories' times are written later than they are shown.
                    if shown.kind == .directory {
                        (shown.modified, shown.changed) = (file.attributes.modified, file.attributes.changed)
                    }
                    return shown == file.attributes
                        && shown.row.map { state.unnamed.withVector.contains($0) == file.row.hasVector } ?? true
                }
            if !isWhole { note("\(name), image of the tree", "it is not what the records say; remove \(path)") }
        } catch {
            note("\(name), image of the tree", "\(error.message); it is made anew when the store is mounted")
        }
    }
}
