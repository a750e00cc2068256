import Glibc

/// The names of the errors that VexFS returns.
enum ErrnoName {
    private static let names: [Int32: String] = [
        EINVAL: "EINVAL", ENODATA: "ENODATA", EFBIG: "EFBIG", ENAMETOOLONG: "ENAMETOOLONG", EILSEQ: "EILSEQ",
        ENOENT: "ENOENT", EEXIST: "EEXIST", ENOTEMPTY: "ENOTEMPTY", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR",
        EXDEV: "EXDEV", EPERM: "EPERM", EACCES: "EACCES", EROFS: "EROFS", ERANGE: "ERANGE", EDQUOT: "EDQUOT",
        ENOSPC: "ENOSPC", EAGAIN: "EAGAIN", ENOTSUP: "ENOTSUP", EBUSY: "EBUSY", EINTR: "EINTR",
        ETIMEDOUT: "ETIMEDOUT", EPROTONOSUPPORT: "EPROTONOSUPPORT", EIO: "EIO",
    ]

    /// The name, or the number where there is none.
    static func of(_ code: Int32) -> String { names[code] ?? "errno \(code)" }
}
