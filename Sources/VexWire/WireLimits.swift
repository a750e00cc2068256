/// What both sides of the wire agree on; docs/wire.md is the specification.
public enum WireLimits {
    /// The version of the frames and of the operations' shapes; `hello` names it.
    public static let version = 1
    /// The largest control part, and the largest line of a session of JSON Lines, in bytes.
    public static let jsonBytesMax = 64 << 20
    /// The largest frame, header included, in bytes.
    public static let frameBytesMax = 256 << 20
    /// The most bytes of answers that a session holds: a largest frame, or several smaller ones.
    public static let answersBytesMax = frameBytesMax + (1 << 20)
    /// The most binary parts of one frame.
    public static let partsMax = 4096
    /// The largest request and answer of one inline ioctl, in bytes: an ioctl's number has 14 bits for the size.
    public static let inlineBytesMax = 16_383
    /// The most points of one request.
    public static let pointsMax = 1_000_000
    /// The most queries of one request.
    public static let queriesMax = 10_000
    /// The most operations of one `batch`.
    public static let operationsMax = 10_000
}
