import VexValues
import VexWire

/// The file of `--config`: who may come in, and the limits.
struct AdapterConfiguration: Sendable {
    var authority = Authority()
    /// Whether `POST /api/v2/reset` may remove everything.
    var allowsReset = false
    /// Whether an answered write survives loss of power, and not only the end of processes.
    var isDurable = false
    var bodyLimitBytes = 40 << 20
    var requestSeconds = 120
    var connectionsPerAddress = 4096
    var workers = 8
    /// Bytes of bodies that may be here at once.
    var heldBodyBytes = 512 << 20

    /// What a body may become when it is sent on: numbers take up to twice the room of their text.
    private static let bodyBytesMax = WireLimits.frameBytesMax / 2

    /// The defaults.
    init() {}

    /// Reads the JSON of a file.
    /// - Throws: `invalidConfiguration` naming the key and what it may be.
    init(_ bytes: [UInt8]) throws(VexFSError) {
        let json = try JSON.parseControl(bytes, code: .invalidConfiguration)
        guard let members = json.members else {
            throw VexFSError(.invalidConfiguration, "the configuration is a JSON object")
        }
        for member in members {
            switch member.key {
            case "users":
                guard let users = member.value.arrayValue else { throw Self.refused("users", "a list of objects") }
                for (index, user) in users.enumerated() { try add(user, at: "users[\(index)]") }
            case "allow_reset":
                guard let value = member.value.boolValue else { throw Self.refused(member.key, "true or false") }
                allowsReset = value
            case "durable":
                guard let value = member.value.boolValue else { throw Self.refused(member.key, "true or false") }
                isDurable = value
            case "max_body_bytes": bodyLimitBytes = try Self.number(member, 1024...Self.bodyBytesMax)
            case "request_seconds": requestSeconds = try Self.number(member, 1...86_400)
            case "connections_per_address": connectionsPerAddress = try Self.number(member, 1...65_536)
            case "workers": workers = try Self.number(member, 1...256)
            case "max_held_body_bytes": heldBodyBytes = try Self.number(member, 1024...(1 << 40))
            default:
                throw VexFSError(
                    .invalidConfiguration,
                    "there is no setting \"\(member.key)\"; the settings are: users, allow_reset, durable, "
                        + "max_body_bytes, max_held_body_bytes, request_seconds, connections_per_address, workers")
            }
        }
    }

    private static let userKeys = ["name", "token", "read_only", "tenants"]

    private mutating func add(_ json: JSON, at place: String) throws(VexFSError) {
        guard let members = json.members else { throw Self.refused(place, "an object") }
        // A misspelled restriction would be none.
        if let other = members.first(where: { !Self.userKeys.contains($0.key) }) {
            throw VexFSError(
                .invalidConfiguration,
                "\(place) has no setting \"\(other.key)\"; the settings are: \(Self.userKeys.joined(separator: ", "))")
        }
        guard let name = json["name"]?.stringValue, !name.isEmpty else {
            throw Self.refused("\(place).name", "the user's name")
        }
        var user = Authority.User(name: name)
        switch json["read_only"] {
        case nil: break
        case .bool(let value)?: user.isReadOnly = value
        default: throw Self.refused("\(place).read_only", "true or false")
        }
        if let tenants = json["tenants"] {
            guard let names = tenants.arrayValue?.map(\.stringValue), !names.isEmpty, !names.contains(nil) else {
                throw Self.refused("\(place).tenants", "a list of names; leave it out for all")
            }
            user.tenants = names.compactMap { $0 }
        }
        guard let token = json["token"]?.stringValue, token.utf8.count >= 8 else {
            throw Self.refused("\(place).token", "a string of at least 8 characters")
        }
        guard authority.add(user, tokenDigest: SHA256.hash(token.utf8)) else {
            throw VexFSError(.invalidConfiguration, "\"\(place).token\" is that of another user, too")
        }
    }

    private static func number(_ member: JSON.Member, _ range: ClosedRange<Int>) throws(VexFSError) -> Int {
        guard let value = member.value.integerValue, range.contains(Int(value)) else {
            throw refused(member.key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(value)
    }

    private static func refused(_ key: String, _ allowed: String) -> VexFSError {
        VexFSError(.invalidConfiguration, "\"\(key)\" must be \(allowed)")
    }
}
