extension Store {
    /// Compares the parts of a collection's index with their checksums. They hold nothing that cannot be made anew.
    static func checkSegments(
        of number: UInt32, _ space: VectorSpace, named name: String, in directory: StoreDirectory, _ database: Database,
        _ note: (_ place: String, _ message: String) -> Void
    ) {
        do throws(VexFSError) {
            guard let bytes = try database.value(StoreKey.segments(number, space.number)) else { return }
            for entry in try SegmentManifest(decoding: bytes).entries where !entry.file.isEmpty {
                do throws(VexFSError) {
                    _ = try SegmentFile(opening: directory.segmentPath(entry.file))
                } catch {
                    note(
                        "\(name), index, rows \(entry.range.lowerBound) to \(entry.range.upperBound - 1)",
                        "\(error.message); it is built anew when the store is mounted")
                }
            }
        } catch {
            note("\(name), index", error.description)
        }
    }
}
