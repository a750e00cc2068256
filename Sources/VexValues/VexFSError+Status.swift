import Glibc

extension VexFSError {
    /// The kinds of failure; one row each in ``Code/status``.
    public enum Code: String, CaseIterable, Sendable {
        case malformedDocument, nothingToEmbed, documentTooLarge, dimensionMismatch, invalidVector
        case nameTooLong, invalidName, notFound, alreadyExists, notEmpty, notADirectory, isADirectory
        case crossesCollections, notPermitted, accessDenied, readOnly, attributeNotFound, rangeTooSmall
        case invalidQuery, invalidFilter, invalidConfiguration, invalidArgument
        case quotaExceeded, storeFull, outOfMemory, embedderUnavailable, modelMissing
        case unsupported, busy, interrupted, timedOut
        case newerFormat, notAStore, corruption, inputOutput
    }

    /// The errno that the kernel hands to the caller.
    public var errno: Int32 { code.status.errno }
    /// The HTTP status that the adapter answers with.
    public var httpStatus: Int { code.status.http }
    /// The gRPC status code (grpc/grpc, `doc/statuscodes.md`).
    public var grpcStatus: Int { code.status.grpc }
}

extension VexFSError.Code {
    /// The one table from a code to the three status families.
    public var status: (errno: Int32, http: Int, grpc: Int) {
        switch self {
        case .malformedDocument, .dimensionMismatch, .invalidVector: (EINVAL, 400, 3)
        case .invalidQuery, .invalidFilter, .invalidConfiguration, .invalidArgument: (EINVAL, 400, 3)
        case .nothingToEmbed: (ENODATA, 400, 3)
        case .documentTooLarge: (EFBIG, 413, 3)
        case .nameTooLong: (ENAMETOOLONG, 400, 3)
        case .invalidName: (EILSEQ, 400, 3)
        case .notFound: (ENOENT, 404, 5)
        case .alreadyExists: (EEXIST, 409, 6)
        case .notEmpty: (ENOTEMPTY, 409, 9)
        case .notADirectory: (ENOTDIR, 400, 9)
        case .isADirectory: (EISDIR, 400, 9)
        case .crossesCollections: (EXDEV, 400, 9)
        case .notPermitted: (EPERM, 403, 7)
        case .accessDenied: (EACCES, 403, 7)
        case .readOnly: (EROFS, 403, 9)
        case .attributeNotFound: (ENODATA, 404, 5)
        case .rangeTooSmall: (ERANGE, 400, 11)
        case .quotaExceeded: (EDQUOT, 429, 8)
        case .storeFull: (ENOSPC, 507, 8)
        case .outOfMemory: (ENOMEM, 503, 8)
        case .embedderUnavailable: (EAGAIN, 503, 14)
        case .modelMissing: (ENOTSUP, 503, 9)
        case .unsupported: (ENOTSUP, 501, 12)
        case .busy: (EBUSY, 409, 9)
        case .interrupted: (EINTR, 499, 1)
        case .timedOut: (ETIMEDOUT, 504, 4)
        case .newerFormat: (EPROTONOSUPPORT, 500, 9)
        case .notAStore: (EINVAL, 500, 9)
        case .corruption, .inputOutput: (EIO, 500, 15)
        }
    }
}
