import Glibc
import Synchronization
import VexFS

/// The part of all collections' UUIDs that belongs to the store: kept for as long as the store is open, since every
/// request that names a collection by its UUID asks for it.
public final class StoreIdentity: Sendable {
    let bytes = Mutex<[UInt8]?>(nil)

    /// Known when first asked for.
    public init() {}
}

/// The UUIDs of collections: the store's own random number and the collection's, in the form of a version 4 UUID.
extension Service {
    private static let key = "wire/identity"

    /// The UUID of a collection: the same as long as it exists, also under another name, and no other's.
    func uid(of collection: Collection) throws(VexFSError) -> String {
        try uid(ofNumber: collection.number).description
    }

    private func uid(ofNumber number: UInt32) throws(VexFSError) -> PayloadUUID {
        var bytes = try identityBytes()
        withUnsafeBytes(of: number.bigEndian) { bytes.replaceSubrange(12..<16, with: $0) }
        return PayloadUUID(bytes: bytes)
    }

    /// The collection of a UUID.
    /// - Throws: `invalidArgument` where it is none.
    func collection(withUID text: String) throws(VexFSError) -> Collection? {
        guard let uuid = PayloadUUID(text) else { throw VexFSError(.invalidArgument, "\"\(text)\" is no UUID") }
        let number = UInt32(truncatingIfNeeded: uuid.low)
        guard let collection = store.collection(numbered: number) else { return nil }
        return try uid(ofNumber: number) == uuid ? collection : nil
    }

    /// 16 bytes of which the last four are free; made when first asked for.
    private func identityBytes() throws(VexFSError) -> [UInt8] {
        if let known = identity.bytes.withLock({ $0 }) { return known }
        let bytes = try storedIdentity()
        identity.bytes.withLock { $0 = bytes }
        return bytes
    }

    private func storedIdentity() throws(VexFSError) -> [UInt8] {
        if let known = try store.property(Self.key, of: 0), known.count == 16 { return known }
        var generator = SystemRandomNumberGenerator()
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        return try store.setPropertyOnce(Self.key, of: 0, to: bytes)
    }
}

extension PayloadUUID {
    /// The UUID of 16 bytes.
    init(bytes: [UInt8]) {
        func word(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8)))
    }
}
