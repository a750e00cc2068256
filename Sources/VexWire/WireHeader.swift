import VexValues

/// The 32 bytes before every request and answer: `"VXR1" · u16 operation · u16 flags · u32 status · u32 jsonLength ·
/// u64 binaryLength · u64 tag`, little-endian.
public struct WireHeader: Sendable, Equatable {
    /// Its size in bytes.
    public static let byteCount = 32
    /// What every frame begins with.
    public static let magic = Array("VXR1".utf8)
    /// The flag that an answer has and a request has not.
    public static let answerFlag: UInt16 = 1

    /// The operation's number; an answer repeats it.
    public var operation: UInt16
    /// ``answerFlag`` or 0; every other bit is 0.
    public var flags: UInt16
    /// 0 for a request and for success, else the HTTP status that stands for the error.
    public var status: UInt32
    /// Bytes of the control part.
    public var jsonByteCount: UInt32
    /// Bytes of all binary parts together.
    public var binaryByteCount: UInt64
    /// Chosen by the caller; the answer repeats it.
    public var tag: UInt64

    /// Describes a frame.
    public init(
        operation: UInt16, flags: UInt16 = 0, status: UInt32 = 0, jsonByteCount: UInt32 = 0,
        binaryByteCount: UInt64 = 0, tag: UInt64 = 0
    ) {
        self.operation = operation
        self.flags = flags
        self.status = status
        self.jsonByteCount = jsonByteCount
        self.binaryByteCount = binaryByteCount
        self.tag = tag
    }

    /// Bytes of the frame, header included; at the most ``WireLimits/frameBytesMax`` once it was decoded.
    public var frameByteCount: Int { Self.byteCount + Int(jsonByteCount) + Int(binaryByteCount) }

    /// Whether bytes begin as a frame does, as far as they go.
    public static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for place in 0..<min(bytes.count, magic.count) where bytes[place] != magic[place] { return false }
        return true
    }

    /// Reads a header from the first 32 bytes.
    /// - Throws: `invalidArgument` where these are no header, or announce more than a frame may have.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        guard bytes.count >= Self.byteCount else {
            throw VexFSError(
                .invalidArgument,
                "a frame begins with a header of \(Self.byteCount) bytes, and there are \(bytes.count)")
        }
        guard Self.begins(bytes) else {
            throw VexFSError(.invalidArgument, "a frame begins with \"VXR1\"")
        }
        operation = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        flags = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        status = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        jsonByteCount = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        binaryByteCount = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        tag = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        guard flags & ~Self.answerFlag == 0 else {
            throw VexFSError(.unsupported, "the frame has flags that version \(WireLimits.version) does not know")
        }
        guard jsonByteCount <= WireLimits.jsonBytesMax, binaryByteCount <= WireLimits.frameBytesMax,
            frameByteCount <= WireLimits.frameBytesMax
        else {
            throw VexFSError(
                .documentTooLarge,
                "the frame announces \(jsonByteCount) bytes of JSON and \(binaryByteCount) of binary parts; the most "
                    + "is \(WireLimits.jsonBytesMax), and \(WireLimits.frameBytesMax) in all")
        }
    }

    /// Appends the 32 bytes.
    public func encode(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: Self.magic)
        func append<Number: FixedWidthInteger>(_ number: Number) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        append(operation)
        append(flags)
        append(status)
        append(jsonByteCount)
        append(binaryByteCount)
        append(tag)
    }
}
