/// A failure in the caller's terms: what went wrong, where, and what to do about it.
///
/// Every error carries one ``Code``, from which the errno, the HTTP status and the gRPC status follow
/// (`VexFSError+Status.swift` is the only table). The message is one sentence for a person and ends without a period
/// only when it quotes input.
public struct VexFSError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is.
    public var code: Code
    /// One sentence that says what is wrong and what to do.
    public var message: String
    /// Where it happened, in the caller's terms: a path, a line, a byte offset. Empty when the message says it.
    public var location: String
    /// The lower-level failure that led here, as text.
    public var cause: String?

    /// Creates an error.
    public init(_ code: Code, _ message: String, at location: String = "", cause: String? = nil) {
        self.code = code
        self.message = message
        self.location = location
        self.cause = cause
    }

    /// The sentence with its location and cause, as shown in `lasterr` and logs.
    public var description: String {
        var text = message
        if !location.isEmpty { text = "\(location): \(text)" }
        if let cause { text += " (\(cause))" }
        return text
    }
}
