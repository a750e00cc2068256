import VexFS

/// What the process ends with. Scripts rely on these numbers: one is never given a second meaning.
enum ExitCode: Int32, CaseIterable, Sendable {
    case success = 0
    case failure = 1
    case usage = 2
    case storeMissing = 3
    case storeInUse = 4
    case mountpointUnusable = 5
    case mountFailed = 6
    case modelMissing = 7
    case corruptionFound = 8
    case newerFormat = 9
    case badInput = 10
    case notMounted = 11
    case mountBusy = 12

    /// What the number means, for `--help` and `docs/cli.md`.
    var meaning: String {
        switch self {
        case .success: "it worked"
        case .failure: "it failed for a reason that has no number of its own"
        case .usage: "the command line is wrong"
        case .storeMissing: "the store is missing or is not a store"
        case .storeInUse: "the store is in use by another process"
        case .mountpointUnusable: "the mountpoint is missing, not empty, a system path, or a dead mount"
        case .mountFailed: "the mount could not be made or did not answer"
        case .modelMissing: "the embedding model's files are missing"
        case .corruptionFound: "the store is damaged"
        case .newerFormat: "the store was written by a newer version"
        case .badInput: "a line of the input is wrong"
        case .notMounted: "no store is mounted there"
        case .mountBusy: "the mount is in use and was left mounted"
        }
    }

    /// The exit code that an engine's error ends the process with.
    init(_ error: VexFSError) {
        switch error.code {
        case .notAStore: self = .storeMissing
        case .busy: self = .storeInUse
        case .modelMissing: self = .modelMissing
        case .corruption: self = .corruptionFound
        case .newerFormat: self = .newerFormat
        case .malformedDocument, .invalidQuery, .invalidFilter: self = .badInput
        case .invalidArgument: self = .usage
        default: self = .failure
        }
    }
}

/// Why a verb ended without doing what it was asked: an exit code and a sentence for the person who asked.
struct Failure: Error, Sendable {
    var code: ExitCode
    var message: String

    init(_ code: ExitCode, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: VexFSError) {
        self.init(ExitCode(error), error.description)
    }
}
