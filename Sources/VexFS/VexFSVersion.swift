/// The version of the program, the same in the mount's `version` file and on the command line.
public enum VexFSVersion {
    /// Semantic versioning: major, minor, patch.
    public static let current = "0.1.0"
}
