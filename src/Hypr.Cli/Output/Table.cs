using System.Text;

namespace Hypr.Cli.Output;

/// <summary>
/// Columns as Go's text/tabwriter lays them out: each as wide as its widest cell and <see cref="Gap"/>, at least <see cref="LeastWidth"/>.
/// </summary>
internal static class Table
{
    /// <summary>The specification's `network ls` has one space more than Docker's 10 and 3.</summary>
    private const int LeastWidth = 11;
    private const int Gap = 4;

    public static string Lay(IReadOnlyList<string[]> rows)
    {
        int columns = rows.Count == 0 ? 0 : rows.Max(r => r.Length);
        int[] widths = new int[columns];
        foreach (string[] row in rows)
        {
            for (int i = 0; i < row.Length - 1; i++)
                widths[i] = Math.Max(widths[i], Width(row[i]) + Gap);
        }
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            int start = text.Length;
            for (int i = 0; i < row.Length; i++)
            {
                text.Append(row[i]);
                if (i < row.Length - 1)
                    text.Append(' ', Math.Max(widths[i], LeastWidth) - Width(row[i]));
            }
            while (text.Length > start && text[^1] == ' ')
                text.Length--;
            text.Append('\n');
        }
        return text.ToString();
    }

    private static int Width(string text)
    {
        int width = 0;
        foreach (var _ in text.EnumerateRunes())
            width++;
        return width;
    }
}
