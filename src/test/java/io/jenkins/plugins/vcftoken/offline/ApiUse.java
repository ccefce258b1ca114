package io.jenkins.plugins.vcftoken.offline;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.TryTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;

/** Finds what sources use of other classes: what they name, and what the language looks at without its being named. */
final class ApiUse extends TreePathScanner<Void, Void> {

    private final Trees trees;
    private final Elements elements;
    private final Types types;
    private final Consumer<Element> found;

    ApiUse(Trees trees, Elements elements, Types types, Consumer<Element> found) {
        this.trees = trees;
        this.elements = elements;
        this.types = types;
        this.found = found;
    }

    void scan(CompilationUnitTree unit) {
        scan(new TreePath(unit), null);
    }

    @Override
    public Void scan(Tree tree, Void nothing) {
        if (tree != null && getCurrentPath() != null) {
            TreePath path = new TreePath(getCurrentPath(), tree);
            Element element = trees.getElement(path);
            if (element != null) {
                found.accept(element);
            }
            TypeMirror type = trees.getTypeMirror(path);
            if (type != null) {
                Declarations.types(type).forEach(found);
            }
            if (tree.getKind() == Tree.Kind.LAMBDA_EXPRESSION || tree.getKind() == Tree.Kind.MEMBER_REFERENCE) {
                abstractMethods(type);
            }
        }
        return super.scan(tree, nothing);
    }

    private void abstractMethods(TypeMirror functionalInterface) {
        methods(functionalInterface)
                .filter(method -> method.getModifiers().contains(Modifier.ABSTRACT))
                .forEach(found);
    }

    /** A try statement closes its resources, and must know what closing them throws. */
    @Override
    public Void visitTry(TryTree statement, Void nothing) {
        for (Tree resource : statement.getResources()) {
            methods(trees.getTypeMirror(new TreePath(getCurrentPath(), resource)))
                    .filter(method -> method.getSimpleName().contentEquals("close")
                            && method.getParameters().isEmpty())
                    .forEach(found);
        }
        return super.visitTry(statement, nothing);
    }

    @Override
    public Void visitClass(ClassTree tree, Void nothing) {
        TypeElement type = (TypeElement) trees.getElement(getCurrentPath());
        if (type.getSuperclass() instanceof DeclaredType parent) {
            defaultConstructor((TypeElement) parent.asElement());
            bridges((TypeElement) parent.asElement());
        }
        return super.visitClass(tree, nothing);
    }

    /** A constructor that calls no other one calls its parent's. */
    private void defaultConstructor(TypeElement parent) {
        ElementFilter.constructorsIn(parent.getEnclosedElements()).stream()
                .filter(constructor -> constructor.getParameters().isEmpty())
                .forEach(found);
    }

    /** A public class repeats the public methods of a parent that is not, so that reflection finds them. */
    private void bridges(TypeElement parent) {
        if (!parent.getModifiers().contains(Modifier.PUBLIC)) {
            ElementFilter.methodsIn(parent.getEnclosedElements()).stream()
                    .filter(method -> method.getModifiers().contains(Modifier.PUBLIC))
                    .forEach(found);
            if (parent.getSuperclass() instanceof DeclaredType next) {
                bridges((TypeElement) next.asElement());
            }
        }
    }

    /** An anonymous class hands its arguments on to its parent. */
    @Override
    public Void visitNewClass(NewClassTree tree, Void nothing) {
        TypeMirror parent = trees.getTypeMirror(new TreePath(getCurrentPath(), tree.getIdentifier()));
        if (tree.getClassBody() != null && parent instanceof DeclaredType declared) {
            ElementFilter.constructorsIn(declared.asElement().getEnclosedElements()).stream()
                    .filter(c -> c.getParameters().size() == tree.getArguments().size() && !Declarations.isPrivate(c))
                    .forEach(found);
        }
        return super.visitNewClass(tree, nothing);
    }

    /** What a method overrides is what {@code @Override} and callers elsewhere rely on. */
    @Override
    public Void visitMethod(MethodTree tree, Void nothing) {
        ExecutableElement method = (ExecutableElement) trees.getElement(getCurrentPath());
        TypeElement type = Foreign.enclosingType(method);
        Supertypes.of(type, types)
                .flatMap(parent -> ElementFilter.methodsIn(parent.getEnclosedElements()).stream())
                .filter(overridden -> elements.overrides(method, overridden, type))
                .forEach(found);
        return super.visitMethod(tree, nothing);
    }

    private Stream<ExecutableElement> methods(TypeMirror type) {
        return type instanceof DeclaredType declared
                ? ElementFilter.methodsIn(elements.getAllMembers((TypeElement) declared.asElement())).stream()
                : Stream.empty();
    }
}
