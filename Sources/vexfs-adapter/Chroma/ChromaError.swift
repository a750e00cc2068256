import VexValues

/// A refusal as Chroma's clients know it: `{"error": NAME, "message": TEXT}`. This is the only writer of such bodies.
struct ChromaError: Error, Equatable {
    var status: Int
    var name: String
    var message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
        name =
            switch status {
            case 400: "InvalidArgumentError"
            case 404: "NotFoundError"
            case 500: "InternalError"
            default: "ChromaError"
            }
    }

    /// A rule for a value is broken.
    static func invalid(_ message: String) -> ChromaError { ChromaError(400, message) }

    /// A rule for one field is broken.
    static func validation(_ field: String, _ problem: String) -> ChromaError {
        ChromaError(400, "Validation error: \(field): \(problem)")
    }

    /// The JSON has another shape than it should.
    static func shape(_ problem: String) -> ChromaError {
        ChromaError(422, "Failed to deserialize the JSON body into the target type: \(problem)")
    }

    /// There is no collection with this name or id.
    static func noCollection(_ what: String) -> ChromaError { ChromaError(404, "Collection [\(what)] does not exist") }

    /// What the mount says, where no handler knows better.
    init(_ error: MountError) {
        switch error {
        case .away(let reason): self.init(503, reason)
        case .refused(let refusal): self.init(refusal)
        }
    }

    /// What the engine says.
    init(_ error: VexFSError) { self.init(error.httpStatus, error.message) }

    /// The answer.
    var response: HTTPResponse {
        var response = HTTPResponse.json(
            .object([.init("error", .string(name)), .init("message", .string(message))]), status: status)
        response.headers.append(("chroma-trace-id", Self.traceID()))
        return response
    }

    private static func traceID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(UInt32.random(in: 0...UInt32.max, using: &generator), radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }
}
