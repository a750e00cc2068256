extension QueryRequest {
    /// Refuses what can be asked but not yet be answered: `mode=text` and `mode=hybrid`.
    /// - Throws: `unsupported` (ENOTSUP) with a sentence that names what is there instead.
    public func requireSupported() throws(VexFSError) {
        switch mode {
        case .vector, .exact: return
        case .text, .hybrid:
            throw VexFSError(
                .unsupported,
                "mode=\(mode.rawValue) needs a full-text index, which this version has not; "
                    + "use mode=vector or mode=exact")
        }
    }
}
