using System.Text.RegularExpressions;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>Small habits that rot when nobody looks.</summary>
public sealed partial class TidyTests
{
    private static IEnumerable<string> Tracked(string pattern) => Directory.EnumerateFiles(Repository.Root, pattern, SearchOption.AllDirectories)
        .Where(path => !Ignored().IsMatch(Path.GetRelativePath(Repository.Root, path)));

    [Fact]
    public void Every_link_in_the_documents_leads_somewhere()
    {
        List<string> broken = [];
        foreach (string page in Tracked("*.md"))
        {
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                string target = link.Groups[1].Value.Split('#')[0];
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal)) continue;
                if (!Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, target))) broken.Add($"{Path.GetRelativePath(Repository.Root, page)}: {target}");
            }
        }
        Assert.Empty(broken);
    }

    [Fact]
    public void No_source_file_outgrows_a_head()
    {
        string[] large = [.. Tracked("*.cs").Where(path => path.Contains("/src/", StringComparison.Ordinal) && File.ReadLines(path).Count() > 600).Select(path => Path.GetRelativePath(Repository.Root, path))];
        Assert.Empty(large);
    }

    [Fact]
    public void No_work_is_left_lying_in_the_source()
    {
        string[] left = [.. Tracked("*.cs").Where(path => path.Contains("/src/", StringComparison.Ordinal) && Unfinished().IsMatch(File.ReadAllText(path))).Select(path => Path.GetRelativePath(Repository.Root, path))];
        Assert.Empty(left);
    }

    [GeneratedRegex(@"(^|/)(bin|obj|node_modules|\.build|\.git)(/|$)")]
    private static partial Regex Ignored();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[N]otImplementedException|\b[T]ODO\b|\b[F]IXME\b")]
    private static partial Regex Unfinished();
}
