namespace Hypr.Cli.Completion;

/// <summary>What a shell needs: each asks <c>hypr __complete</c>, which answers a line a word, a tab and its help, and at last <c>:files</c> where files may stand.</summary>
internal static class Scripts
{
    public static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static string? Of(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => null,
    };

    /// <summary>bash breaks words at colons, which names of images and paths of VMs have: the line is split anew, and the part up to the colon taken off again.</summary>
    private const string Bash = """
        # hypr completion bash > /usr/share/bash-completion/completions/hypr
        _hypr() {
          local line=${COMP_LINE:0:COMP_POINT} word files= before
          local -a words
          read -ra words <<<"$line"
          [[ $line == *[[:space:]] ]] && words+=("")
          local current=${words[-1]}
          before=${current%"${COMP_WORDS[COMP_CWORD]##*:}"}
          [[ $current == *:* ]] || before=
          COMPREPLY=()
          while IFS=$'\t' read -r word _; do
            case $word in
              :files) files=1 ;;
              *) COMPREPLY+=("${word#"$before"}") ;;
            esac
          done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
          if [[ $files ]]; then
            compopt -o filenames 2>/dev/null
            while read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
          fi
          [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null
          return 0
        }
        complete -F _hypr hypr

        """;

    private const string Zsh = """
        #compdef hypr
        # hypr completion zsh > "${fpath[1]}/_hypr"
        _hypr() {
          local -a found
          local word help files=
          while IFS=$'\t' read -r word help; do
            case $word in
              :files) files=1 ;;
              *) found+=("${word//:/\\:}${help:+:$help}") ;;
            esac
          done < <(${words[1]} __complete -- "${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)
          (( ${#found} )) && _describe hypr found
          [[ -n $files ]] && _files
          return 0
        }
        if [ "$funcstack[1]" = _hypr ]; then _hypr "$@"; else compdef _hypr hypr; fi

        """;

    private const string Fish = """
        # hypr completion fish > ~/.config/fish/completions/hypr.fish
        function __hypr_complete
          set -l words (commandline -opc) (commandline -ct)
          for line in (hypr __complete -- $words[2..-1] 2>/dev/null)
            if test $line = :files
              __fish_complete_path (commandline -ct)
            else
              echo $line
            end
          end
        end
        complete -c hypr -f -a '(__hypr_complete)'

        """;
}
