/// The short way for documents that bring their vector: its numbers, most of the bytes, go straight to where they are
/// wanted, and the parser of JSON sees the rest.
extension DocumentParser {
    /// Below this the numbers are not most of the work.
    private static let bytesWorthIt = 256

    /// Reads a document with one vector, a plain array of numbers under "vector" or "embedding"; nil where it is not
    /// such a one, or not valid, which the long way finds out.
    static func parseAroundVector(_ bytes: UnsafeBufferPointer<UInt8>) throws(VexFSError) -> ParsedDocument? {
        guard bytes.count >= bytesWorthIt,
            let member = JSONVectorMember(in: bytes, dimensionMax: CollectionConfiguration.dimensionRange.upperBound)
        else { return nil }
        var rest: [UInt8] = []
        rest.reserveCapacity(bytes.count - member.place.count + 4)
        rest.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[..<member.place.lowerBound]))
        rest.append(contentsOf: "null".utf8)
        rest.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[member.place.upperBound...]))
        return try rest.withUnsafeBufferPointer { (rest) throws(VexFSError) in
            try JSONTape.withTape(of: rest) { (tape) throws(VexFSError) in try document(tape, vector: member.vector) }
        }
    }
}
