namespace Peregrine.Kernel;

internal static class ErrorText
{
    private const int CharactersMax = 400;

    /// <summary>Type and message of an exception on one line of bounded length.</summary>
    public static string InOneLine(this Exception error) => $"{error.GetType().Name}: {error.Message}".InOneLine();

    /// <summary>A text on one line of bounded length.</summary>
    public static string InOneLine(this string text)
    {
        string line = text.ReplaceLineEndings(" ");
        return line.Length <= CharactersMax ? line : line[..CharactersMax];
    }
}
