import VexValues
import VexWire

/// What the mount answered.
struct MountAnswer {
    let header: WireHeader
    /// The whole frame.
    let bytes: [UInt8]

    private var jsonRange: Range<Int> {
        WireHeader.byteCount..<WireHeader.byteCount + Int(header.jsonByteCount)
    }

    /// The control part as a value.
    func body() throws(VexFSError) -> JSON {
        try bytes.withUnsafeBufferPointer { (buffer) throws(VexFSError) -> JSON in
            let text = UnsafeBufferPointer(rebasing: buffer[jsonRange])
            let json = text.isEmpty ? JSON.object([]) : try JSON.parse(text)
            if header.status != 0 { throw VexFSError(wire: json["error"]) }
            return json
        }
    }

    /// Calls `read` with the control part and the binary parts, both valid only meanwhile.
    func withColumns<Result>(_ read: (JSONTape, UnsafeRawBufferPointer) -> Result) throws(VexFSError) -> Result {
        if header.status != 0 { _ = try body() }
        let result = bytes.withUnsafeBufferPointer { buffer in
            JSONTape.withTape(of: UnsafeBufferPointer(rebasing: buffer[jsonRange])) { tape in
                read(tape, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[jsonRange.upperBound...]))
            }
        }
        guard let result else { throw VexFSError(.inputOutput, "the mount's answer is no JSON") }
        return result
    }
}
