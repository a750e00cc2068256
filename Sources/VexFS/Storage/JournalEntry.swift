import CVexKernels

/// One record of the journal: changes that are applied together. Layout: `docs/format.md`, "Journal".
///
/// It is written once by who makes it, before others see it (``number(_:)``), and never changed afterwards.
final class JournalEntry: @unchecked Sendable {
    // @unchecked: see above; the bytes are set before the journal's lock is released.

    /// Bytes in front of the changes: their length, the checksum, the record's number.
    static let headBytes = 16
    /// The most bytes of changes.
    static let lengthMax = Int(UInt32.max)
    /// Bytes in front of a key: kind, length of the key, length of the value.
    static let changeBytes = 9

    /// What is done with a key.
    enum ChangeKind: UInt8 {
        case put = 1
        case delete = 2
        /// With every key that begins with this one.
        case deleteAll = 3
    }

    private(set) var bytes: [UInt8]
    let changes: [WriteBatch.Change]
    /// Prefixes whose keys go before the changes come.
    let erased: [[UInt8]]
    /// Its place in the order of all records, from 1.
    private(set) var number: UInt64 = 0
    private let checksumOfChanges: UInt32

    init(bytes: [UInt8], changes: [WriteBatch.Change], erased: [[UInt8]]) {
        self.bytes = bytes
        self.changes = changes
        self.erased = erased
        checksumOfChanges = bytes.withUnsafeBytes { Self.checksum($0[Self.headBytes...]) }
    }

    /// Fills the head in.
    func number(_ number: UInt64) {
        self.number = number
        let checksum = Self.checksum(continuing: checksumOfChanges, number)
        bytes.withUnsafeMutableBytes { bytes in
            let length = UInt32(bytes.count - Self.headBytes)
            bytes.storeBytes(of: length.littleEndian, toByteOffset: 0, as: UInt32.self)
            bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 4, as: UInt32.self)
            bytes.storeBytes(of: number.littleEndian, toByteOffset: 8, as: UInt64.self)
        }
    }

    /// Calls `body` with the value of a change, nil where the key is deleted.
    func withValue<R>(of change: WriteBatch.Change, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let place = change.value else { return body(nil) }
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[place])) }
    }

    /// Reads the record at the start of `bytes`; nil where there is no whole one.
    init?(reading bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headBytes else { return nil }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
        let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let number = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        guard number > 0, length <= bytes.count - Self.headBytes else { return nil }
        let whole = bytes[..<(Self.headBytes + length)]
        let ofChanges = Self.checksum(whole[Self.headBytes...])
        guard Self.checksum(continuing: ofChanges, number) == checksum,
            let (changes, erased) = Self.changes(in: UnsafeRawBufferPointer(rebasing: whole))
        else { return nil }
        self.bytes = [UInt8](whole)
        self.changes = changes
        self.erased = erased
        self.number = number
        checksumOfChanges = ofChanges
    }

    private static func changes(
        in bytes: UnsafeRawBufferPointer
    ) -> (changes: [WriteBatch.Change], erased: [[UInt8]])? {
        var changes: [WriteBatch.Change] = []
        var erased: [[UInt8]] = []
        var offset = headBytes
        while offset < bytes.count {
            guard offset + changeBytes <= bytes.count, let kind = ChangeKind(rawValue: bytes[offset]) else {
                return nil
            }
            let keyCount = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self)))
            let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 5, as: UInt32.self)))
            let keyStart = offset + changeBytes
            let start = keyStart + keyCount
            guard start + count <= bytes.count else { return nil }
            let key = [UInt8](bytes[keyStart..<start])
            switch kind {
            case .put: changes.append(.init(key: key, value: start..<start + count))
            case .delete: changes.append(.init(key: key, value: nil))
            case .deleteAll: erased.append(key)
            }
            offset = start + count
        }
        return (changes, erased)
    }

    private static func checksum(_ changes: Slice<UnsafeRawBufferPointer>) -> UInt32 {
        let changes = UnsafeRawBufferPointer(rebasing: changes)
        return vexfs_crc32c(0, changes.baseAddress, changes.count)
    }

    /// The number is part of what is checked, so that a record cannot stand in another's place.
    private static func checksum(continuing checksum: UInt32, _ number: UInt64) -> UInt32 {
        withUnsafeBytes(of: number.littleEndian) { vexfs_crc32c(checksum, $0.baseAddress, $0.count) }
    }
}
