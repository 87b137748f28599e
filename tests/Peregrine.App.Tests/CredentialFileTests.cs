using Peregrine.App.Configuration;

using Xunit;

namespace Peregrine.App.Tests;

/// <summary>Files that keys and secrets lie in: what is careless is refused with a sentence, before anything starts.</summary>
public sealed class CredentialFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-keys-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Are_refused_when_others_can_read_them_and_when_they_are_not_what_they_should_be()
    {
        (string Name, Action<string> Make, string? Refusal)[] matrix =
        [
            ("owner only", path => Write(path, "key", OwnerOnly), null),
            ("read-only", path => Write(path, "key", UnixFileMode.UserRead), null),
            ("a line end", path => Write(path, "key\n", OwnerOnly), null),
            ("a line end of Windows", path => Write(path, "key\r\n", OwnerOnly), null),
            ("many line ends", path => Write(path, "\nkey\n\n", OwnerOnly), null),
            ("0644", path => Write(path, "key", OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead), "only its owner can read"),
            ("0640", path => Write(path, "key", OwnerOnly | UnixFileMode.GroupRead), "only its owner can read"),
            ("0604", path => Write(path, "key", OwnerOnly | UnixFileMode.OtherRead), "only its owner can read"),
            ("0620", path => Write(path, "key", OwnerOnly | UnixFileMode.GroupWrite), "only its owner can read"),
            ("0700", path => Write(path, "key", OwnerOnly | UnixFileMode.UserExecute), "only its owner can read"),
            ("missing", _ => { }, "a file that exists"),
            ("a folder", path => Directory.CreateDirectory(path), "a file that exists"),
            ("a link", Link, "not a link"),
            ("a link to nothing", path => File.CreateSymbolicLink(path, path + ".nowhere"), "a file"),
            ("empty", path => Write(path, "", OwnerOnly), "one word"),
            ("only line ends", path => Write(path, "\n\n", OwnerOnly), "one word"),
            ("two words", path => Write(path, "key secret", OwnerOnly), "one word"),
            ("two lines", path => Write(path, "key\nsecret\n", OwnerOnly), "one word"),
            ("another file", path => Write(path, new string('x', 10_000), OwnerOnly), "at most"),
        ];
        int trials = 0;
        foreach ((string name, Action<string> make, string? refusal) in matrix)
        {
            foreach (string setting in (string[])["exchange:apiKeyFile", "exchange:apiSecretFile"])
            {
                trials++;
                string path = Path.Combine(_folder, $"{trials}");
                make(path);
                if (refusal is null)
                {
                    ApplianceOptions options = ApplianceConfiguration.Read(null, [new(setting, path)]);
                    Assert.True((setting.Contains("Key", StringComparison.Ordinal) ? options.ApiKey : options.ApiSecret) == "key", name);
                    continue;
                }
                StopException stop = Assert.Throws<StopException>(() => ApplianceConfiguration.Read(null, [new(setting, path)]));
                Assert.Equal(ExitCode.BadConfiguration, stop.ExitCode);
                Assert.True(stop.Message.Contains(refusal, StringComparison.Ordinal) && stop.Message.Contains(setting.Replace(':', '.'), StringComparison.Ordinal), $"{name}: {stop.Message}");
                Assert.DoesNotContain("secret\n", stop.Message, StringComparison.Ordinal);
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"row 58: {trials} credential files, 0 that were taken or refused wrongly");
    }

    private static void Write(string path, string text, UnixFileMode mode)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
    }

    private static void Link(string path)
    {
        Write(path + ".real", "key", OwnerOnly);
        File.CreateSymbolicLink(path, path + ".real");
    }
}
