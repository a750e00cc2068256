import VexValues

/// Who may do what.
struct Authority: Sendable {
    /// Somebody with a token.
    struct User: Sendable, Equatable {
        var name: String
        var isReadOnly = false
        /// The tenants that the user sees; nil for all.
        var tenants: [String]?

        /// Whether the user has anything to do with a tenant.
        func mayUse(tenant: String) -> Bool { tenants?.contains(tenant) ?? true }

        /// Whether the user may do and see everything.
        var isUnrestricted: Bool { !isReadOnly && tenants == nil }
    }

    /// The user of everyone where no tokens are asked for.
    static let nobody = User(name: "")

    /// By the SHA-256 of their tokens: what is compared is nothing that a client can steer byte by byte.
    private var users: [[UInt8]: User] = [:]

    /// Whether tokens are asked for.
    var isRequired: Bool { !users.isEmpty }

    /// Lets a user in whose token has this SHA-256.
    /// - Returns: whether nobody else has the token.
    mutating func add(_ user: User, tokenDigest: [UInt8]) -> Bool {
        guard users[tokenDigest] == nil else { return false }
        users[tokenDigest] = user
        return true
    }

    /// The user who sent a request; nil where a token is needed and this one is missing or unknown.
    func user(of request: HTTPRequest) -> User? {
        guard isRequired else { return Self.nobody }
        guard let token = Self.token(of: request) else { return nil }
        return users[SHA256.hash(token.utf8)]
    }

    private static func token(of request: HTTPRequest) -> String? {
        if let token = request.headers["x-chroma-token"] {
            return token.hasPrefix("Bearer ") ? String(token.dropFirst(7)) : token
        }
        guard let value = request.headers["authorization"], value.lowercased().hasPrefix("bearer ") else { return nil }
        return String(value.dropFirst(7))
    }
}
