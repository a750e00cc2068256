/// How a store is mounted.
public struct MountOptions: Sendable {
    /// Whether the kernel refuses every change.
    public var readOnly = false
    /// Whether users other than the one who mounts may use the mount.
    public var allowOther = false
    /// Whether root may use a mount made by someone else.
    public var allowRoot = false
    /// Whether the kernel checks permission bits.
    public var defaultPermissions = true
    /// Whether the mount is removed when the daemon dies.
    public var autoUnmount = false
    /// The source shown by mount(8); nil for the store's path.
    public var fsname: String?
    /// How long the kernel may remember names, in seconds.
    public var entryTimeoutSeconds = 60.0
    /// How long the kernel may remember attributes, in seconds.
    public var attributeTimeoutSeconds = 60.0
    /// Whether libfuse prints every request to standard error.
    public var debug = false
    /// Threads for what takes longer than the reader thread may: commits, searches, listings of results.
    public var workerThreads = 4
    /// Options handed to the kernel as they are, such as `noatime` or `nosuid`.
    public var passthrough: [String] = []

    /// Creates the defaults.
    public init() {}

    /// The value of libfuse's `-o`.
    func libfuseText(storePath: String) -> String {
        var options = ["subtype=vexfs", "fsname=" + Self.escape(fsname ?? storePath)]
        if readOnly { options.append("ro") }
        if allowOther { options.append("allow_other") }
        if allowRoot { options.append("allow_root") }
        if defaultPermissions { options.append("default_permissions") }
        if autoUnmount { options.append("auto_unmount") }
        if debug { options.append("debug") }
        options.append(contentsOf: passthrough)
        return options.joined(separator: ",")
    }

    /// Commas separate options and backslashes protect them.
    static func escape(_ value: String) -> String {
        value.reduce(into: "") { result, character in
            if character == "," || character == "\\" { result.append("\\") }
            result.append(character)
        }
    }
}
