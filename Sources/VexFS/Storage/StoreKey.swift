/// The keys of the store's RocksDB: one letter for the family, then big-endian numbers so that keys sort by them.
///
/// `docs/format.md` is the normative list.
enum StoreKey {
    /// The families, in the order of the file.
    enum Family: UInt8 {
        case collection = 0x63  // c
        case document = 0x64  // d
        case error = 0x65  // e
        case file = 0x66  // f
        case treeMark = 0x6A  // j
        case snapshot = 0x6B  // k
        case meta = 0x6D  // m
        case property = 0x70  // p
        case snapshotMark = 0x72  // r
        case scratch = 0x73  // s
        case trash = 0x74  // t
        case pack = 0x76  // v
        case vector = 0x77  // w
        case segments = 0x78  // x

        /// Those whose keys begin with a collection's number.
        static let ofCollection: [Family] = [
            .document, .error, .file, .property, .scratch, .pack, .vector, .segments, .treeMark, .snapshot,
            .snapshotMark, .trash,
        ]
    }

    static func collection(_ number: UInt32) -> [UInt8] { prefix(.collection, number) }
    static func document(_ collection: UInt32, _ row: Row) -> [UInt8] {
        numbered(.document, collection, UInt64(row))
    }
    static func error(_ collection: UInt32, _ sequence: UInt64) -> [UInt8] { numbered(.error, collection, sequence) }
    static func file(_ collection: UInt32, _ number: FileNumber) -> [UInt8] { numbered(.file, collection, number) }
    static func segments(_ collection: UInt32, _ space: SpaceNumber) -> [UInt8] {
        prefix(.segments, collection) + suffix(space)
    }
    static func scratch(_ collection: UInt32, _ number: FileNumber) -> [UInt8] {
        numbered(.scratch, collection, number)
    }
    static func trash(_ collection: UInt32, _ sequence: UInt64) -> [UInt8] { numbered(.trash, collection, sequence) }
    static func pack(_ collection: UInt32, _ space: SpaceNumber, chunk: Int) -> [UInt8] {
        numbered(.pack, collection, UInt64(chunk)) + suffix(space)
    }
    /// A row's vector of no fixed size.
    static func vector(_ collection: UInt32, _ space: SpaceNumber, _ row: Row) -> [UInt8] {
        var key = vectors(collection, space)
        withUnsafeBytes(of: UInt64(row).bigEndian) { key.append(contentsOf: $0) }
        return key
    }
    /// The common start of the keys of a space's vectors.
    static func vectors(_ collection: UInt32, _ space: SpaceNumber) -> [UInt8] {
        prefix(.vector, collection) + withUnsafeBytes(of: space.bigEndian) { Array($0) }
    }
    /// The row of a key made by ``vector(_:_:_:)``.
    static func row(ofVector key: UnsafeRawBufferPointer) -> Row? {
        guard key.count == 17 else { return nil }
        return Row(exactly: UInt64(bigEndian: key.loadUnaligned(fromByteOffset: 9, as: UInt64.self)))
    }
    /// The mark that a file changed since an image of the tree was made.
    static func treeMark(_ collection: UInt32, _ image: UInt64, _ file: FileNumber) -> [UInt8] {
        var key = treeMarks(collection, image)
        withUnsafeBytes(of: file.bigEndian) { key.append(contentsOf: $0) }
        return key
    }
    static func treeMarks(_ collection: UInt32, _ image: UInt64) -> [UInt8] {
        numbered(.treeMark, collection, image)
    }
    static func snapshot(_ collection: UInt32, _ snapshot: UInt32) -> [UInt8] {
        prefix(.snapshot, collection) + withUnsafeBytes(of: snapshot.bigEndian) { Array($0) }
    }
    /// How a file was when a snapshot was made.
    static func snapshotMark(_ collection: UInt32, _ snapshot: UInt32, _ file: FileNumber) -> [UInt8] {
        var key = snapshotMarks(collection, snapshot)
        withUnsafeBytes(of: file.bigEndian) { key.append(contentsOf: $0) }
        return key
    }
    static func snapshotMarks(_ collection: UInt32, _ snapshot: UInt32) -> [UInt8] {
        prefix(.snapshotMark, collection) + withUnsafeBytes(of: snapshot.bigEndian) { Array($0) }
    }
    static func meta(_ name: String) -> [UInt8] { [Family.meta.rawValue] + name.utf8 }
    static func property(_ owner: UInt32, _ name: String) -> [UInt8] { prefix(.property, owner) + name.utf8 }

    /// The common start of a family's keys, of one collection where given.
    static func prefix(_ family: Family, _ collection: UInt32? = nil) -> [UInt8] {
        var key = [family.rawValue]
        if let collection { withUnsafeBytes(of: collection.bigEndian) { key.append(contentsOf: $0) } }
        return key
    }

    /// The last number of a key made by ``numbered(_:_:_:)``.
    static func number(of key: UnsafeRawBufferPointer) -> UInt64? {
        guard key.count == 13 else { return nil }
        return UInt64(bigEndian: key.loadUnaligned(fromByteOffset: 5, as: UInt64.self))
    }

    /// The chunk and the space of a pack record's key.
    static func pack(of key: UnsafeRawBufferPointer) -> (chunk: Int, space: SpaceNumber)? {
        guard key.count == 13 || key.count == 17 else { return nil }
        let chunk = UInt64(bigEndian: key.loadUnaligned(fromByteOffset: 5, as: UInt64.self))
        guard key.count == 17 else { return (Int(chunk), VectorSpace.unnamed) }
        return (Int(chunk), SpaceNumber(bigEndian: key.loadUnaligned(fromByteOffset: 13, as: UInt32.self)))
    }

    /// What stands behind the keys of a space with a name.
    private static func suffix(_ space: SpaceNumber) -> [UInt8] {
        space == VectorSpace.unnamed ? [] : withUnsafeBytes(of: space.bigEndian) { Array($0) }
    }

    private static func numbered(_ family: Family, _ collection: UInt32, _ number: UInt64) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 13) { buffer, count in
            buffer[0] = family.rawValue
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            bytes.storeBytes(of: collection.bigEndian, toByteOffset: 1, as: UInt32.self)
            bytes.storeBytes(of: number.bigEndian, toByteOffset: 5, as: UInt64.self)
            count = 13
        }
    }
}
