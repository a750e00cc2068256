import Glibc
import VexFS

/// The UUIDs of collections: the store's own random number and the collection's, in the form of a version 4 UUID.
extension Service {
    private static let key = "wire/identity"

    /// The UUID of a collection: the same as long as it exists, also under another name, and no other's.
    func uid(of collection: Collection) throws(VexFSError) -> String {
        var bytes = try identity()
        withUnsafeBytes(of: collection.number.bigEndian) { bytes.replaceSubrange(12..<16, with: $0) }
        return PayloadUUID(bytes: bytes).description
    }

    /// The collection of a UUID.
    /// - Throws: `invalidArgument` where it is none.
    func collection(withUID text: String) throws(VexFSError) -> Collection? {
        guard let uuid = PayloadUUID(text) else { throw VexFSError(.invalidArgument, "\"\(text)\" is no UUID") }
        guard let collection = store.collection(numbered: UInt32(truncatingIfNeeded: uuid.low)) else { return nil }
        return PayloadUUID(try uid(of: collection)) == uuid ? collection : nil
    }

    /// 16 bytes of which the last four are free; made when first asked for.
    private func identity() throws(VexFSError) -> [UInt8] {
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
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }
        // 32 hexadecimal digits are always a UUID.
        self = PayloadUUID(digits.joined())!
    }
}
