import Testing

@testable import VexFUSE

@Suite struct MountOptionsTests {
    @Test func theTextNamesTypeSourceAndFlags() {
        var options = MountOptions()
        #expect(options.libfuseText(storePath: "/s") == "subtype=vexfs,fsname=/s,default_permissions")
        options.readOnly = true
        options.allowOther = true
        options.defaultPermissions = false
        options.passthrough = ["noatime"]
        #expect(options.libfuseText(storePath: "/s") == "subtype=vexfs,fsname=/s,ro,allow_other,noatime")
    }

    @Test func commasInAPathAreProtected() {
        #expect(MountOptions.escape("/a,b\\c") == "/a\\,b\\\\c")
    }
}
