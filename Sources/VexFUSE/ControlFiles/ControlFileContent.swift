import Glibc
import VexFS
import VexService

/// The control files whose whole content is made at once.
enum ControlFileContent: Sendable {
    case instructions
    case overview(Collection)
    case configuration(Collection), schema(Collection), information(Collection), statistics(Collection)
    case count(Collection), identifiers(Collection), vectors(Collection), errors(Collection), pending(Collection)
    case fork(Collection, Store)
    case storeConfiguration, version, health, storeStatistics, metrics, allErrors, lastErrors, aliases

    /// Whether the size is shown: what changes by itself is size 0 with direct I/O.
    var hasExactSize: Bool {
        switch self {
        case .instructions, .configuration, .schema, .version: true
        default: false
        }
    }

    /// Whether the file takes a new content, or at least a truncation.
    var isWritable: Bool {
        switch self {
        case .configuration, .schema, .errors, .fork: true
        default: false
        }
    }

    /// The collection that the file belongs to, or nil.
    var collection: Collection? {
        switch self {
        case .overview(let collection), .configuration(let collection), .schema(let collection),
            .information(let collection), .statistics(let collection), .count(let collection),
            .identifiers(let collection), .vectors(let collection), .errors(let collection), .pending(let collection),
            .fork(let collection, _):
            collection
        default: nil
        }
    }

    /// The bytes as of now.
    func bytes(in tree: VirtualTree, for caller: Caller) throws(VexFSError) -> [UInt8] {
        switch self {
        case .instructions: Instructions.bytes
        case .overview(let collection): try collection.overview()
        case .configuration(let collection): collection.configurationText()
        case .schema(let collection): collection.schemaText()
        case .information(let collection): collection.infoText()
        case .statistics(let collection): collection.statisticsText()
        case .count(let collection): Array("\(collection.documentCount)\n".utf8)
        case .identifiers(let collection): collection.identifierLines()
        case .vectors(let collection): collection.vectorBytes().bytes
        case .errors(let collection): collection.errorLines()
        case .pending(let collection): collection.pendingText()
        case .fork(let collection, let store):
            Array(store.forks(of: collection).map { "\($0.name)\n" }.joined().utf8)
        case .storeConfiguration, .version, .health, .storeStatistics, .metrics, .allErrors:
            StoreReports(tree).bytes(of: self)
        case .lastErrors: tree.errors.text(for: caller.user)
        case .aliases: try tree.store.aliasText()
        }
    }

    /// Whether a whole line takes effect at once, so that whoever writes it is told what was wrong.
    var takesLines: Bool { if case .fork = self { true } else { false } }

    /// Takes a whole new content.
    /// - Throws: `invalidConfiguration` and what the engine says.
    func replace(with bytes: [UInt8]) throws(VexFSError) {
        switch self {
        case .configuration(let collection): try collection.setConfiguration(bytes)
        case .schema(let collection): try collection.setSchema(bytes)
        case .fork(let collection, let store):
            let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
            guard let name = ByteString(validating: Array(line)), !line.isEmpty else {
                throw VexFSError(.invalidName, "write the name of the new collection")
            }
            _ = try store.fork(collection, as: name)
        case .errors(let collection):
            guard bytes.isEmpty else {
                throw VexFSError(.notPermitted, "errors.jsonl can be emptied, not written")
            }
            try collection.clearErrors()
        default: throw VexFSError(.notPermitted, "this file cannot be written")
        }
    }
}
